"""`era submit`."""

from typing import Annotated, Any

import typer

from era_client import submissions
from era_client.commands import asking, exits, following, offers
from era_client.commands.base import Session, command, fail
from era_client.commands.tables import Column
from era_client.errors import UsageError
from era_client.jobfile import JobFile
from era_client.models import Batch, Job
from era_client.moments import show_moment, show_short
from era_client.sizes import count_of, show_size

MOST_SHOWN = 20

Wait = Annotated[bool, typer.Option("--wait", "-w", help="Wait until it is over.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Show its log until it is over.")]
WithExitCode = Annotated[
    bool, typer.Option("--exit-code", help="End with the job's own exit code (with --wait or --follow).")
]


def add(app: typer.Typer) -> None:
    command(app, "submit")(submit)


def submit(
    session: Session,
    words: asking.Words = None,
    pool: asking.PoolName = None,
    units: asking.Units = None,
    duration: asking.Duration = None,
    deadline: asking.Deadline = None,
    earliest: asking.Earliest = None,
    value: asking.Value = None,
    nodes: asking.Nodes = None,
    name: asking.Name = None,
    image: asking.Image = None,
    env: asking.Env = None,
    datasets: asking.DatasetNames = None,
    network: asking.Network = None,
    project: asking.ProjectName = None,
    code: asking.Code = None,
    wait: Wait = False,
    follow: Follow = False,
    exit_code: WithExitCode = False,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Idempotency key of your own choice.")] = None,
    again: Annotated[
        str | None, typer.Option(metavar="KEY", help="Ask again about a submission that got no answer.")
    ] = None,
) -> None:
    """Submit a job. The answer binds: a start and a price that never change, or why not and what would do.

    Takes a job file, or options, or both: options count more.

    The folder of the job file is packed and sent along, less what its .eraignore names.

    Ends with 5 where the market rejects it.
    """
    if again:
        submission = submissions.find(again)
    else:
        given: dict[str, Any] = {
            "pool": pool,
            "units": units,
            "duration": duration,
            "deadline": deadline,
            "earliest": earliest,
            "value": value,
            "nodes": nodes,
            "name": name,
            "image": image,
            "env": env,
            "datasets": datasets,
            "network": network,
            "project": project,
            "code": code,
        }
        submission = _begun(session, asking.asked(words, **given), key or "")
    session.resume = (
        f"It is not known whether it was bought. To ask without buying twice: era submit --again {submission.key}"
    )
    answer = submission.send(session.client.jobs)
    session.resume = ""
    if isinstance(answer, Batch):
        _finish_batch(session, answer, waits=wait or follow)
    else:
        _finish(session, answer, wait=wait or exit_code, follow=follow, with_exit_code=exit_code)


def _begun(session: Session, asked: JobFile, key: str) -> submissions.Submission:
    body = asked.spec.body()
    if asked.sweep is not None:
        body = {"template": body, "sweep": dict(asked.sweep.parameters), "mode": asked.sweep.mode}
    limits = session.client.me.limits
    submission, packed = submissions.begin(body, asked.code, lambda: limits, key=key, is_batch=asked.sweep is not None)
    if packed is not None and asked.code is not None:
        what = str(packed) if packed.files else show_size(packed.size)
        session.out.note(f"Sending {asked.code.name or asked.code}: {what} of at most {show_size(limits.code_bytes)}.")
    return submission


def _finish(session: Session, job: Job, *, wait: bool, follow: bool, with_exit_code: bool) -> None:
    out, accepted = session.out, job.state != "rejected"
    ends_as_json = out.as_json and (wait or follow) and accepted
    if out.as_json and not ends_as_json:
        out.json(job.raw | {"receipt": session.client.jobs.receipt_url(job.id)})
    elif out.quiet:
        out.line(job.id)
    elif not out.as_json:
        _show(session, job)
    if not accepted:
        raise fail(exits.REJECTED)
    if follow:
        ended = following.follow(session, job)
    elif wait:
        ended = following.wait(session, job)
    else:
        return
    if ends_as_json and not follow:
        out.json(ended.raw | {"receipt": session.client.jobs.receipt_url(job.id)})
    following.close(session, ended, with_exit_code=with_exit_code)


def _show(session: Session, job: Job) -> None:
    out = session.out
    if job.state == "rejected":
        out.line(f"Rejected: {offers.why(job.reason)}.", style="red")
        out.facts([("would cost", offers.credits_(job.price) if job.price is not None else ""), ("job", job.id)])
        offers.show_alternatives(out, job.alternatives)
        return
    out.line(f"Reserved: {job.name}", style="green")
    out.facts(
        [
            ("job", job.id),
            ("start", offers.when(job.start)),
            ("end", show_moment(job.end)),
            ("price", offers.credits_(job.price)),
            ("receipt", session.client.jobs.receipt_url(job.id)),
        ]
    )
    out.note(f"Follow it: era logs -f {job.id[:8]}")


def _finish_batch(session: Session, batch: Batch, *, waits: bool) -> None:
    if session.out.as_json:
        session.out.json(batch.raw)
    elif session.out.quiet:
        for one in batch.results:
            session.out.line(one.id)
    else:
        _show_batch(session, batch)
    if not batch.accepted:
        raise fail(exits.REJECTED)
    if waits:
        raise UsageError("A sweep is many jobs: follow each by its id.", hint=f"era jobs list --batch {batch.id}")


def _show_batch(session: Session, batch: Batch) -> None:
    out = session.out
    out.line(
        f"{count_of(batch.accepted, 'job')} reserved, {batch.refused:,} rejected, for {offers.credits_(batch.price)}."
    )
    rows = [
        (one.index, one.id, one.state, one.price, show_short(one.start), offers.why(one.reason) if one.reason else "")
        for one in batch.results[:MOST_SHOWN]
    ]
    columns = [
        Column("#", right=True),
        Column("JOB", shrinks=True),
        Column("STATE"),
        Column("PRICE", right=True),
        Column("START"),
        Column("WHY NOT", shrinks=True),
    ]
    out.table(columns, rows)
    if batch.size > MOST_SHOWN:
        out.note(f"The first {MOST_SHOWN} of {batch.size:,}; all of them: era jobs list --batch {batch.id}")
