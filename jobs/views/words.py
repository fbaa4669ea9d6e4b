"""Says in words where a job stands, what happened to it, and what cancelling it would do."""

import shlex
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from era_platform.common import clock
from era_platform.common.money import format_credits
from jobs.models import Job, JobEvent
from jobs.selectors.settlements import if_cancelled
from jobs.services import events
from jobs.states import ACTIVE, State

SHELLS = frozenset({"sh", "bash", "dash"})
BAD = frozenset({State.REJECTED, State.FAILED, State.TIMED_OUT})


class Step(NamedTuple):
    """A station of a job's way. `mood`: done, now, todo or bad; `is_planned`: `at` lies ahead."""

    label: str
    mood: str
    at: datetime | None
    is_planned: bool = False


class Happening(NamedTuple):
    """An event in words."""

    at: datetime
    text: str
    more: str
    is_bad: bool


def steps(job: Job) -> list[Step]:
    state = State(job.state)
    first = Step(_("Submitted"), "done", job.submitted_at)
    if state == State.REJECTED:
        return [first, Step(_("Refused"), "bad", job.decided_at)]
    return [first, Step(_("Accepted"), "done", job.decided_at), *_middle(job, state), _last(job)]


def _middle(job: Job, state: State) -> list[Step]:
    if job.started_at:
        started = Step(_("Started"), "done", job.started_at)
    elif job.is_final:
        started = Step(_("Never started"), "todo", None)
    else:
        started = Step(_("Starts"), "now" if state in ACTIVE else "todo", job.start_at, True)
    if job.is_final:
        return [started, Step(job.get_state_display(), "bad" if state in BAD else "done", job.finished_at)]
    ends = "now" if state == State.RUNNING else "todo"
    return [started, Step(_("Ends at the latest"), ends, job.end_at, True)]


def _last(job: Job) -> Step:
    return Step(_("Settled"), "done" if job.settled_at else "todo", job.settled_at)


def event(happened: JobEvent) -> Happening:
    detail = happened.detail
    if happened.kind == events.MOVED:
        lost = _("Moved: the machine it was promised is lost")
        text = _("Moved for maintenance: {why}").format(why=detail["planned"]) if detail.get("planned") else lost
        return Happening(happened.at, text, _span(detail), False)
    if happened.kind == events.STATE:
        state = State(happened.state)
        return Happening(happened.at, str(Job.States(state.value).label), _more(detail), state in BAD)
    text, is_bad = {
        events.STAGED: (_("Everything is in place for the start"), False),
        events.STAGING_FAILED: (_("Preparation failed; it is tried again"), True),
        events.LAUNCH_FAILED: (_("The launch failed; it is tried again"), True),
        events.LOST: (_("The attempt was lost through no doing of yours"), True),
        events.SETTLED: (_("Settled"), False),
    }.get(happened.kind, (happened.kind, False))
    return Happening(happened.at, text, _more(detail), is_bad)


def _span(detail: dict[str, Any]) -> str:
    """From when to when, as of an event of a job that was moved."""
    was, start = (datetime.fromisoformat(detail[name]) for name in ("was", "start"))
    return _("from {was} to {start} (UTC), at the same price").format(
        was=f"{was:%Y-%m-%d %H:%M:%S}", start=f"{start:%Y-%m-%d %H:%M:%S}"
    )


def _more(detail: dict[str, Any]) -> str:
    """What of an event's detail is for people."""
    said = []
    if detail.get("exit_code") is not None:
        said.append(_("exit code {code}").format(code=detail["exit_code"]))
    if "paid" in detail:
        said.append(_("{paid} credits paid, {released} back").format(**detail))
    credits = [detail[name] for name in ("loss", "late", "credit") if name in detail]
    if credits:
        said.append(_("{credit} more as a credit").format(credit=" + ".join(credits)))
    if detail.get("attempt", 0) > 1:
        said.append(_("attempt {number}").format(number=detail["attempt"]))
    said += [str(detail[name]) for name in ("cause", "error") if detail.get(name) not in (None, "", "exited")]
    return " · ".join(said)


def cancellation(job: Job) -> str:
    """What to know before cancelling; empty where it is over."""
    if job.is_final:
        return ""
    came = if_cancelled(job, clock.now())
    amounts = {name: format_credits(amount) for name, amount in (("paid", came.paid), ("back", came.back))}
    if job.state == State.RESERVED and not came.paid:
        return _("It has not started: all {back} credits come back to the wallet.").format(**amounts)
    if job.state == State.RESERVED:
        return _("It has not started: {back} credits come back to the wallet, {paid} are paid.").format(**amounts)
    if came.back:
        said = _("It has started: it is stopped now. {back} credits come back to the wallet, {paid} are paid.")
    else:
        said = _("It has started: it is stopped now, and the {paid} credits are paid in full.")
    late = _("For its late start {credit} more are given as a credit.") if came.credit else ""
    return f"{said} {late}".strip().format(**amounts, credit=format_credits(came.credit))


def command(job: Job) -> str:
    """The command as it was typed: a line, or a script."""
    parts = job.command
    if len(parts) == 3 and parts[0].rsplit("/", 1)[-1] in SHELLS and parts[1] == "-c":
        return str(parts[2]).strip("\n")
    return shlex.join(parts)
