"""Puts into the outbox what happened to jobs, from their events, after the fact: submission writes nothing for it.

Of a batch's jobs it tells once that they are reserved, that the first starts soon, that the first has started, and
that all have ended.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django_scopes import scopes_disabled

from era_platform.common import clock
from era_platform.common.money import format_credits
from jobs.models import Batch, EventMark, Job, JobEvent
from jobs.selectors.happened import settled_until
from jobs.services import events
from jobs.states import FINAL, State
from notifications.models import Kind
from notifications.services import outbox

AT_ONCE = 2_000
SOON = timedelta(minutes=10)
STALE = timedelta(hours=24)
"""What is older is not news: such as history that was loaded."""
KINDS = {
    State.RESERVED: Kind.RESERVED,
    State.RUNNING: Kind.STARTED,
    State.SUCCEEDED: Kind.FINISHED,
    State.CANCELLED: Kind.FINISHED,
    State.FAILED: Kind.FAILED,
    State.TIMED_OUT: Kind.FAILED,
}


def tell_events() -> int:
    """Tell of all events since the last time; returns how many were looked at. One of these runs at a time."""
    until = settled_until()
    looked_at = 0
    with scopes_disabled():
        while until is not None and (count := _some(until)):
            looked_at += count
    return looked_at


@transaction.atomic
def _some(until: int) -> int:
    mark = _mark()
    found = list(JobEvent.objects.filter(id__gt=mark.event, id__lte=until).order_by("id")[:AT_ONCE])
    if found:
        _tell(event for event in found if event.kind == events.STATE and event.at > clock.now() - STALE)
        EventMark.objects.update(event=found[-1].pk)
    return len(found)


def _mark() -> EventMark:
    return EventMark.objects.select_for_update().get_or_create(
        id=1, defaults={"event": settled_until() or 0, "soon": clock.now()}
    )[0]


def _tell(happened: Iterable[JobEvent]) -> None:
    told = [event for event in happened if event.state in KINDS]
    jobs = _jobs(event.job_id for event in told)
    batches: dict[Any, set[Kind]] = {}
    for event in told:
        job, kind = jobs[event.job_id], KINDS[State(event.state)]
        if job.batch_id:
            batches.setdefault(job.batch_id, set()).add(kind)
        else:
            name = "ended" if event.state in FINAL else kind.value
            _tell_job(kind, job, f"job/{job.pk}/{name}", _detail(job, event))
    for batch in Batch.objects.filter(pk__in=batches).select_related("organization"):
        _tell_batch(batch, batches[batch.pk])


def _jobs(ids: Iterable[Any]) -> dict[Any, Job]:
    jobs = Job.objects.select_related("organization", "pool").defer("command", "env", "configurations", "terms")
    return jobs.in_bulk(set(ids))


def _tell_job(kind: Kind, job: Job, key: str, detail: dict[str, Any]) -> None:
    outbox.tell(kind, organization=job.organization, key=key, job=job.pk, person=job.submitted_by_id, **detail)


def _detail(job: Job, event: JobEvent) -> dict[str, Any]:
    detail: dict[str, Any] = {"name": job.name, "pool": job.pool.slug, "state": event.state}
    if event.state == State.RESERVED:
        return detail | _times(job) | {"price": format_credits(job.price or 0)}
    if event.state in FINAL:
        kept = ("exit_code", "reason", "cause")
        return detail | {name: event.detail[name] for name in kept if event.detail.get(name) not in (None, "")}
    return detail


def _times(job: Job) -> dict[str, str]:
    return {name: _iso(at) for name, at in (("start", job.start_at), ("end", job.end_at)) if at}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _tell_batch(batch: Batch, kinds: set[Kind]) -> None:
    detail: dict[str, Any] = {"batch": str(batch.pk), "name": batch.name, "jobs": batch.accepted}
    if Kind.RESERVED in kinds:
        _say(batch, Kind.RESERVED, "reserved", detail | {"price": format_credits(batch.price)})
    if Kind.STARTED in kinds:
        _say(batch, Kind.STARTED, "started", detail)
    if kinds & {Kind.FINISHED, Kind.FAILED}:
        _tell_end(batch, detail)


def _tell_end(batch: Batch, detail: dict[str, Any]) -> None:
    """Once none of its jobs is still to come or running."""
    bought = Job.objects.filter(batch=batch).exclude(state=State.REJECTED)
    if bought.exclude(state__in=FINAL).exists():
        return
    ends = Counter(bought.values_list("state", flat=True))
    failed = ends[State.FAILED] + ends[State.TIMED_OUT]
    counts = {"succeeded": ends[State.SUCCEEDED], "failed": failed, "cancelled": ends[State.CANCELLED]}
    _say(batch, Kind.FAILED if failed else Kind.FINISHED, "ended", detail | counts)


def _say(batch: Batch, kind: Kind, name: str, detail: dict[str, Any]) -> None:
    key = f"batch/{batch.pk}/{name}"
    outbox.tell(kind, organization=batch.organization, key=key, person=batch.submitted_by_id, **detail)


@transaction.atomic
def tell_starts_soon() -> int:
    """Tell of jobs that start within SOON, unless they were bought so late that the reservation said so."""
    with scopes_disabled():
        mark, until = _mark(), clock.now() + SOON
        begin = max(mark.soon, clock.now())
        due = Job.objects.filter(state=State.RESERVED, start_at__gt=begin, start_at__lte=until)
        ahead = [job for job in due.select_related("organization", "pool", "batch") if _in_time(job)]
        for job in ahead:
            _tell_soon(job)
        EventMark.objects.filter(soon__lt=until).update(soon=until)
        return len(ahead)


def _in_time(job: Job) -> bool:
    return job.start_at is not None and job.submitted_at < job.start_at - SOON


def _tell_soon(job: Job) -> None:
    if job.batch:
        detail = {"batch": str(job.batch.pk), "name": job.batch.name, "jobs": job.batch.accepted, **_times(job)}
        _say(job.batch, Kind.STARTS_SOON, "soon", detail)
    else:
        detail = {"name": job.name, "pool": job.pool.slug, **_times(job)}
        _tell_job(Kind.STARTS_SOON, job, f"job/{job.pk}/soon/{job.start_at:%Y%m%dT%H%M%S}", detail)
