"""Waiting for a job: its state as it changes, its log as it is written, and how the command ends with it."""

import sys
from datetime import UTC, datetime
from typing import Any

from rich.status import Status

from era_client.commands import exits, offers
from era_client.commands.base import Session, fail
from era_client.logs import LogBreak, LogEnd, LogState, LogText
from era_client.models import Job
from era_client.moments import show_duration, show_from_now, show_moment


def wait(session: Session, job: Job) -> Job:
    """Until it is over, with a line that says how far it is."""
    session.resume = f"The job goes on; to wait for it again: era logs -f {job.id}"
    out = session.out
    silent = out.quiet or out.as_json
    if silent or not out.aside.is_terminal:
        states: list[str] = []

        def tell(seen: Job) -> None:
            if seen.state not in states:
                states.append(seen.state)
                out.note(words_for(seen))

        return session.client.jobs.wait(job.id, changed=tell)
    with Status("", console=out.aside) as status:
        return session.client.jobs.wait(job.id, changed=lambda seen: status.update(words_for(seen)))


def words_for(job: Job) -> str:
    now = datetime.now(UTC)
    if job.state == "reserved" and job.start:
        return f"{job.name} is reserved; it starts {show_from_now(job.start, now)} ({show_moment(job.start)})"
    if job.state == "running" and job.end:
        return f"{job.name} is running; its time ends {show_from_now(job.end, now)}"
    return f"{job.name}: {job.state}"


def follow(session: Session, job: Job, *, offset: int = 0) -> Job:
    """Its log to the end, on standard output; then the job as it ended."""
    ends_line = True
    for event in session.client.jobs.follow(job.id, offset=offset):
        if isinstance(event, LogText):
            offset = event.offset + len(event.data)
            ends_line = event.data.endswith(b"\n")
        elif not ends_line and session.out.is_terminal:
            session.out.note(" ")  # what we say begins on a line of its own
            ends_line = True
        session.resume = f"To go on from here: era logs -f {job.id} --offset {offset}"
        _show(session, event)
    session.resume = ""
    return session.client.jobs.wait(job.id)


def _show(session: Session, event: LogText | LogState | LogEnd | LogBreak) -> None:
    out = session.out
    if out.as_json:
        out.json_line(_as_json(event))
    elif isinstance(event, LogText):
        write(event.data)
    elif isinstance(event, LogState):
        out.note(f"[{event.state}]", style="dim")
    elif isinstance(event, LogBreak):
        out.note(f"[the connection broke: {event.reason}; going on at byte {event.offset:,}]", style="yellow")


def _as_json(event: LogText | LogState | LogEnd | LogBreak) -> dict[str, Any]:
    kind = type(event).__name__.removeprefix("Log").lower()
    if isinstance(event, LogText):
        return {"type": kind, "offset": event.offset, "text": event.data.decode(errors="replace")}
    return {"type": kind, **vars(event)}


def write(data: bytes) -> None:
    """As the job wrote it, at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def close(session: Session, job: Job, *, with_exit_code: bool) -> None:
    """Say how it ended, and end alike: 0 where it succeeded; with its own exit code where that is wanted."""
    session.out.note(ending(job), style="green" if job.state == "succeeded" else "red")
    if with_exit_code and job.exit_code is not None:
        raise fail(job.exit_code)
    if job.state == "rejected":
        raise fail(exits.REJECTED)
    if job.state != "succeeded":
        raise fail(exits.FAILED)


def ending(job: Job) -> str:
    took = ""
    if job.started_at and job.finished_at:
        took = f" after {show_duration((job.finished_at - job.started_at).total_seconds())}"
    code = f", exit code {job.exit_code}" if job.exit_code else ""
    paid = f"; paid {offers.credits_(job.paid)}" if job.paid is not None else ""
    why = f" ({job.reason})" if job.reason else ""
    return f"{job.name} {job.state.replace('_', ' ')}{why}{took}{code}{paid}."
