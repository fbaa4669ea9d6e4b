"""`era jobs [list | show | receipt]`."""

from typing import Annotated, Any

import typer

from era_client.commands import completing, offers
from era_client.commands.base import Session, command, with_session
from era_client.commands.tables import Column
from era_client.errors import UsageError
from era_client.models import Job
from era_client.moments import show_duration, show_moment, show_short
from era_client.sizes import count_of

States = Annotated[list[str] | None, typer.Option("--state", "-s", metavar="STATE", help="Only these; repeatable.")]
JobId = Annotated[
    str,
    typer.Argument(metavar="JOB", help="Its id, the beginning of it, or last.", autocompletion=completing.jobs),
]
SHORT = 8


def add(app: typer.Typer) -> None:
    group = typer.Typer(invoke_without_command=True, help="List jobs, look at one, and at its receipt.")
    group.callback()(with_session(in_short))
    command(group, "list")(list_jobs)
    command(group, "show")(show)
    command(group, "receipt")(receipt)
    app.add_typer(group, name="jobs")


def in_short(session: Session, context: typer.Context) -> None:
    """List jobs, look at one, and at its receipt."""
    if context.invoked_subcommand is None:
        list_jobs(session)
    elif session.out.as_json or session.out.quiet or session.profile:
        raise UsageError(f"Options come after the command: era jobs {context.invoked_subcommand} --json")


def list_jobs(
    session: Session,
    state: States = None,
    pool: Annotated[
        str | None, typer.Option(metavar="POOL", help="Only of this pool.", autocompletion=completing.pools)
    ] = None,
    search: Annotated[str | None, typer.Option(metavar="TEXT", help="Only with this in the name.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Only of this batch.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many.")] = 20,
) -> None:
    """List your organization's jobs, the newest first."""
    filters: dict[str, Any] = {"state": state or None, "pool": pool, "search": search, "batch": batch}
    found = list(session.client.jobs.list(most=limit, **filters))
    if session.out.as_json:
        session.out.json([job.raw for job in found])
        return
    columns = [
        Column("JOB"),
        Column("NAME", shrinks=True),
        Column("STATE"),
        Column("POOL"),
        Column("UNITS", right=True),
        Column("START"),
        Column("PRICE", right=True),
        Column("PAID", right=True),
    ]
    whole = not session.out.is_terminal
    session.out.table(columns, [_row(job, whole=whole) for job in found], empty="There are no such jobs.")


def _row(job: Job, *, whole: bool) -> tuple[object, ...]:
    id_ = job.id if whole else job.id[:SHORT]
    return id_, job.name, job.state, job.pool, job.units, show_short(job.start), job.price, job.paid


def show(session: Session, job: JobId) -> None:
    """Show all about a job."""
    found = session.client.jobs.find(job)
    if session.out.as_json:
        session.out.json(found.raw)
        return
    session.out.facts(_facts(session, found))
    if found.state == "rejected":
        offers.show_alternatives(session.out, found.alternatives)


def _facts(session: Session, job: Job) -> list[tuple[str, object]]:
    return [
        ("job", job.id),
        ("name", job.name),
        ("state", job.state),
        ("why", offers.why(job.reason) if job.reason else ""),
        ("pool", job.pool),
        ("asked for", f"{count_of(job.units, 'unit')} for {show_duration(job.duration)}"),
        ("deadline", show_moment(job.deadline)),
        ("value", offers.credits_(job.value)),
        ("price", offers.credits_(job.price)),
        ("paid", offers.credits_(job.paid) if job.paid is not None else ""),
        ("start", offers.when(job.start) if not job.is_over else show_moment(job.start)),
        ("end", show_moment(job.end)),
        ("began", show_moment(job.started_at) if job.started_at else ""),
        ("ended", show_moment(job.finished_at) if job.finished_at else ""),
        ("exit code", "" if job.exit_code is None else job.exit_code),
        ("image", job.image),
        ("command", " ".join(job.command)),
        ("datasets", ", ".join(job.datasets)),
        ("submitted", f"{show_moment(job.submitted_at)} by {job.submitted_by}"),
        ("receipt", session.client.jobs.receipt_url(job.id)),
    ]


def receipt(session: Session, job: JobId) -> None:
    """Show what the decision was made from, and what comes out when it is recomputed now."""
    found = session.client.jobs.receipt(session.client.jobs.find(job).id)
    if session.out.as_json:
        session.out.json(found)
        return
    verified = found["verification"]
    session.out.facts(
        [
            ("job", found["job"]),
            ("pool", found["pool"]),
            ("decided", found["decided_at"]),
            ("answer", "accepted" if found["accepted"] else f"rejected: {offers.why(found['reason'])}"),
            ("price", offers.credits_(found["price"])),
            ("start", found["start"]),
            ("end", found["end"]),
            ("book entry", found["book_number"]),
            ("forecast", f"version {found['forecast_version']}"),
            ("recomputed", "the same" if verified["equal"] else verified["fault"] or "something else comes out"),
        ]
    )
    columns = [Column("FIELD"), Column("RECORDED"), Column("RECOMPUTED")]
    rows = [(one["field"], one["recorded"], one["recomputed"]) for one in verified["differences"]]
    if rows:
        session.out.table(columns, rows)
