"""`era cancel`."""

from typing import Annotated

import typer

from era_client.commands import offers
from era_client.commands.base import Session, command
from era_client.commands.jobs import JobId
from era_client.models import Job


def add(app: typer.Typer) -> None:
    command(app, "cancel")(cancel)


def cancel(
    session: Session,
    job: JobId,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come back.")] = False,
) -> None:
    """Cancel a job. What comes back is what was agreed when it was bought."""
    found = session.client.jobs.find(job)
    if dry_run:
        quote = session.client.jobs.cancellation_quote(found.id)
        if session.out.as_json:
            session.out.json(quote)
        else:
            back, paid = (offers.credits_(quote[name]) for name in ("back", "paid"))
            session.out.line(f"Cancelling {found.name} ({found.id}) now: {back} would come back, {paid} be paid")
        return
    cancelled = session.client.jobs.cancel(found.id)
    if session.out.as_json:
        session.out.json(cancelled.raw)
        return
    session.out.line(f"Cancelled: {cancelled.name} ({cancelled.id}); {_came_back(cancelled)}")


def _came_back(job: Job) -> str:
    if job.price is None or job.paid is None:
        return "what comes back is settled as soon as it has stopped"
    paid = f", {offers.credits_(job.paid)} are paid" if job.paid else ""
    return f"{offers.credits_(job.price - job.paid)} came back{paid}"
