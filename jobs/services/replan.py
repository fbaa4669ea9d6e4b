"""When units are lost: moves reservations that no longer fit within their own windows, or ends them, money back.

An accepted start changes here and, by what is here, in jobs/services/maintenance.py; nowhere else. The price never
does, nor does what was decided: a job that is moved keeps its receipt, and says beside it where it runs now. Which are
moved and which end: jobs/replanning.py.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django_scopes import scopes_disabled

from accounts.models import Organization
from accounts.services import ledger
from era_platform.common import clock, metrics
from era_platform.common.locks import advisory_lock
from era_platform.common.moments import format_moment
from jobs.engines import engine
from jobs.engines.base import EngineError
from jobs.models import Attempt, Job
from jobs.replanning import Booking, Plan, plan
from jobs.selectors import settlements
from jobs.services import announce, events, finish, instances, notify, settle, stage, transition
from jobs.states import FINAL, State
from pricing.book import Int64Array, Steps
from pricing.models import BookEntry, Pool
from pricing.selectors import books, capacity
from pricing.services import book

MOST, ROUNDS = 200, 200
"""Jobs that are moved or ended in one transaction, and transactions in one go."""
CAUSE = "its machine was lost, and no other slot within its window was free"

log = structlog.get_logger(__name__)


@dataclass
class Outcome:
    """What was done about the reservations of a pool."""

    moved: list[Job] = field(default_factory=list)
    ended: list[Job] = field(default_factory=list)


def replan(pool_id: int, *, ahead: timedelta | None = None) -> Outcome:
    """See to it that all that is promised from the next slot on, up to `ahead` from now (None: for ever), is there.

    What runs is left alone: it has its machine. What is about to run goes before what is reserved.
    """
    outcome = Outcome()
    with scopes_disabled():
        pool = Pool.objects.get(pk=pool_id)
        rounds = ROUNDS if _is_short(pool, ahead) else 0
        while rounds and _round(pool_id, ahead, outcome):
            rounds -= 1
    for name, jobs in (("moved", outcome.moved), ("ended", outcome.ended)):
        metrics.REPLANNED.labels(pool.slug, name).inc(len(jobs))
    if outcome.moved or outcome.ended:
        log.warning("replanned", pool=pool.slug, moved=len(outcome.moved), ended=len(outcome.ended))
    return outcome


def _round(pool_id: int, ahead: timedelta | None, outcome: Outcome) -> bool:
    """Plan, and do the first of what is planned, so that nobody waits for the pool for long. Whether there is more."""
    done = Outcome()
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        jobs, decided = _planned(pool, ahead)
        # Those that end go first: the others move to where there is room.
        changed = sorted((job for job in jobs if job.pk in decided), key=lambda job: decided[job.pk] is not None)
        apply(pool, changed[:MOST], decided, done)
        notify.replanned(done.moved, done.ended)
    begun = [job for job in changed[:MOST] if decided[job.pk] is None and job.state == State.STARTING]
    done.ended += [job for job in begun if _end_begun(job)]
    outcome.moved += done.moved
    outcome.ended += done.ended
    return len(changed) > MOST and bool(done.moved or done.ended)


def _is_short(pool: Pool, ahead: timedelta | None) -> bool:
    first, until = _span(pool, ahead)
    return bool((left_of(_there(pool, first), first, until) < 0).any())


def _span(pool: Pool, ahead: timedelta | None) -> tuple[int, int]:
    """From the next slot until where promises have to be there."""
    first = pool.slot_now() + 1
    horizon = first + pool.horizon_slots
    if ahead is None:
        return first, horizon
    return first, min(horizon, max(first, clock.slot_at_or_after(clock.now() + ahead, pool.slot_seconds)))


def _there(pool: Pool, first: int) -> Steps:
    """The book without its head-room: units that are kept from sale so that promises can be kept after a loss."""
    steps = books.steps_as_of(pool, pool.book_number, first)
    return steps.minus(capacity.steps_by_cause(pool, first)[BookEntry.Cause.HEADROOM])


def _planned(pool: Pool, ahead: timedelta | None) -> tuple[list[Job], Plan]:
    """The jobs that may be affected, and what is to become of them. The pool's row is locked."""
    first, until = _span(pool, ahead)
    jobs = list(reaching(pool, first))
    waiting = [job for job in jobs if job.state in (State.RESERVED, State.STARTING)]
    end = max([until, first + pool.horizon_slots, *(job.run_end or 0 for job in jobs)])
    left = left_of(_there(pool, first), first, end)
    for job in jobs:
        if job.state in FINAL:  # its units come back as soon as its instance is seen to have ended
            left[max(0, (job.run_start or 0) - first) : (job.run_end or 0) - first] += job.units
    return waiting, plan([booking(pool, job, first) for job in waiting], left, first, until)


def left_of(there: Steps, first: int, end: int) -> Int64Array:
    supply = np.maximum(there.levels(there.capacity, first, end), 0)
    left: Int64Array = supply - there.levels(there.promised, first, end)
    return left


def reaching(pool: Pool, first: int) -> QuerySet[Job]:
    """Unsettled jobs that have a part of slot `first` or of a later one."""
    jobs = Job.objects.filter(pool=pool, settled_at=None).exclude(state=State.REJECTED)
    until = Coalesce("moved_to", "start_slot") + F("end_slot") - F("start_slot")
    return (
        jobs.alias(until=until)
        .filter(until__gt=first)
        .select_related("organization", "pool", "refund_policy", "submitted_by")
    )


def booking(pool: Pool, job: Job, first: int) -> Booking:
    """Its window is the one that was asked for, as far as it lies ahead and within the horizon."""
    assert job.run_start is not None
    assert job.run_end is not None
    earliest = first if job.earliest is None else clock.slot_at_or_after(job.earliest, pool.slot_seconds)
    return Booking(
        key=job.pk,
        units=job.units,
        start=job.run_start,
        end=job.run_end,
        earliest=max(first, earliest),
        latest=min(clock.slot_at(job.deadline, pool.slot_seconds), first + pool.horizon_slots),
        price=job.price or 0,
        begun=job.state != State.RESERVED,
    )


def apply(pool: Pool, changed: list[Job], decided: Plan, outcome: Outcome, *, planned: str = "") -> None:
    """Move and end what is only reserved. Lock order: pool → wallets → jobs. `planned` says for which maintenance."""
    for organization_id in sorted({job.organization_id for job in changed if decided[job.pk] is None}):
        ledger.lock_wallet(Organization.objects.get(pk=organization_id))
    for job in changed:
        start = decided[job.pk]
        with events.following(job):
            if start is not None and _move(pool, job, start, planned):
                outcome.moved.append(job)
            elif start is None and job.state == State.RESERVED and _end(pool, job, planned or CAUSE):
                outcome.ended.append(job)


def _move(pool: Pool, job: Job, start: int, planned: str) -> bool:
    """Give a reserved job another start: release its slots, reserve the new ones. False if it is no longer there."""
    was, length = job.run_start, (job.end_slot or 0) - (job.start_slot or 0)
    assert was is not None
    told = {"was": format_moment(clock.slot_start(was, pool.slot_seconds))}
    here = Job.objects.filter(pk=job.pk, state=State.RESERVED, moved_to=job.moved_to)
    job.moved_to = None if start == job.start_slot else start
    job.start_at = clock.slot_start(start, pool.slot_seconds)
    job.end_at = clock.slot_start(start + length, pool.slot_seconds)
    job.staged_at = None  # it may be other nodes that need what it needs
    if not here.update(moved_to=job.moved_to, start_at=job.start_at, end_at=job.end_at, staged_at=None):
        return False
    for kind, place, units in ((BookEntry.Kind.RELEASE, was, -job.units), (BookEntry.Kind.RESERVE, start, job.units)):
        book.append(pool, kind=kind, start_slot=place, end_slot=place + length, units=units, reference=job.pk)
    why = {"planned": planned} if planned else {}
    events.record(job, events.MOVED, **told, start=format_moment(job.start_at), **why)
    announce.changed(job)
    return True


def _end(pool: Pool, job: Job, cause: str) -> bool:
    due = settlements.loss(job)
    moved = transition.move(
        job,
        State.FAILED,
        detail={"cause": cause},
        finished_at=clock.now(),
        reason=settlements.PLATFORM,
        credit=due.credit,
    )
    return moved and settle.settle_locked(pool, job, due)


def _end_begun(job: Job) -> bool:
    """End a job whose instance is still waiting for a machine. False where it has to be tried again."""
    with advisory_lock(stage.lock_name(job.pk)) as mine:
        attempt = Attempt.objects.filter(job=job, ended_at=None).first() if mine else None
        try:
            if attempt:
                engine().delete(attempt.instance, instances.folder_of(attempt))
        except (EngineError, OSError) as error:
            log.warning("engine_failed", job=str(job.pk), error=str(error))
            return False
        credit = settlements.loss(job).credit
        ended = mine and finish.finish(
            job, State.FAILED, at=clock.now(), reason=settlements.PLATFORM, cause=CAUSE, credit=credit
        )
    if ended:
        notify.replanned([], [job])
    return ended
