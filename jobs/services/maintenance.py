"""Takes units for planned maintenance where they are promised, too: whoever is in the way is moved within the window
that was asked for, at the same price, or gets everything back and a credit. First looked at, then done as it was seen.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.models import Organization, User
from accounts.services import audit
from era_platform.common import clock, metrics
from era_platform.common.errors import Conflict
from jobs.models import Job
from jobs.replanning import Plan, plan
from jobs.selectors import settlements
from jobs.services import notify, replan
from jobs.states import State
from pricing.book import Int64Array
from pricing.models import Outage, Pool
from pricing.selectors import books
from pricing.services import book, outages

MOST = 500
"""Reservations that are moved or ended at once: nobody is sold anything of the pool meanwhile."""


@dataclass(frozen=True)
class Wanted:
    """Units of a pool, in every slot that [since, until) touches; None: now, and until further notice. Without
    `rebook` whoever is in the way is not moved."""

    pool_id: int
    units: int
    since: datetime | None
    until: datetime | None
    rebook: bool = True


@dataclass(frozen=True)
class Affected:
    """A reservation in the way, and its new start; None where it ends, with `back` and `credit` in micro-credits."""

    job: Job
    start: datetime | None
    back: int
    credit: int


@dataclass(frozen=True)
class Preview:
    """`seen` stands for all of it: what is done is this, or nothing. `busy` is the first moment in which units are
    used or away that no reservation can give."""

    affected: list[Affected]
    busy: datetime | None
    seen: str


def preview(wanted: Wanted) -> Preview:
    """What would come of it now. Raises InvalidInput for a window that makes no sense."""
    with scopes_disabled():
        pool = Pool.objects.get(pk=wanted.pool_id)
        jobs, decided, busy = _planned(pool, wanted)
        return Preview([_affected(pool, job, decided[job.pk]) for job in jobs], busy, _seen(decided))


def take(*, actor: User, wanted: Wanted, reason: str, seen: str) -> tuple[Outage, replan.Outcome]:
    """Do what the preview `seen` said. Raises InvalidInput, or Conflict where it would be something else by now."""
    outcome = replan.Outcome()
    with scopes_disabled(), transaction.atomic():
        pool = book.lock_pool(wanted.pool_id)
        jobs, decided, _busy = _planned(pool, wanted)
        _check(decided, seen)
        # Those that end go first: the others move to where there is room.
        jobs.sort(key=lambda job: decided[job.pk] is not None)
        replan.apply(pool, jobs, decided, outcome, planned=reason)
        if len(outcome.moved) + len(outcome.ended) != len(jobs):
            raise Conflict(_("One of the reservations began or was cancelled meanwhile: look at the preview again."))
        outage = outages.begin(
            actor=actor,
            pool_id=pool.pk,
            cause=Outage.Cause.MAINTENANCE,
            units=wanted.units,
            reason=reason,
            since=wanted.since,
            until=wanted.until,
        )
        _write_down(actor, outage, outcome)
    for name, changed in (("moved", outcome.moved), ("ended", outcome.ended)):
        metrics.REPLANNED.labels(pool.slug, name).inc(len(changed))
    return outage, outcome


def _planned(pool: Pool, wanted: Wanted) -> tuple[list[Job], Plan, datetime | None]:
    """The jobs that are affected, by start, what becomes of each, and when there is too little all the same."""
    start, end = outages.slots(pool, wanted.since, wanted.until)
    first = pool.slot_now() + 1
    jobs = list(replan.reaching(pool, first))
    last = max([first + pool.horizon_slots, *(job.run_end or 0 for job in jobs)])
    window = slice(max(start - first, 0), max(min(end, last) - first, 0))
    left = _left(pool, first, last, window, wanted.units)
    bookings = [replan.booking(pool, job, first) for job in jobs if job.state == State.RESERVED]
    if not wanted.rebook:
        bookings = [one._replace(earliest=one.start, latest=one.end) for one in bookings]
    decided = plan(bookings, left, first, first + window.stop)
    affected = sorted((job for job in jobs if job.pk in decided), key=lambda job: (job.run_start or 0, job.pk))
    for job in affected:
        _shift(left, (job.run_start or 0) - first, job, job.units)
        new = decided[job.pk]
        if new is not None:
            _shift(left, new - first, job, -job.units)
    short = np.flatnonzero(left[window] < 0)
    busy = clock.slot_start(first + window.start + int(short[0]), pool.slot_seconds) if len(short) else None
    return affected, decided, busy


def _left(pool: Pool, first: int, last: int, window: slice, units: int) -> Int64Array:
    """What is free without `units` in the window. What is short elsewhere is no matter of this maintenance."""
    steps = books.steps_as_of(pool, pool.book_number, first)
    left = replan.left_of(steps, first, last)
    within = left[window] - units
    left = np.maximum(left, 0)
    left[window] = within
    return left


def _shift(left: Int64Array, place: int, job: Job, units: int) -> None:
    length = (job.end_slot or 0) - (job.start_slot or 0)
    left[max(0, place) : max(0, place + length)] += units


def _affected(pool: Pool, job: Job, start: int | None) -> Affected:
    if start is not None:
        return Affected(job, clock.slot_start(start, pool.slot_seconds), 0, 0)
    due = settlements.loss(job)
    return Affected(job, None, due.back, due.credit)


def _seen(decided: Plan) -> str:
    lines = sorted(f"{key}:{start}" for key, start in decided.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _check(decided: Plan, seen: str) -> None:
    if len(decided) > MOST:
        raise Conflict(
            _(
                "{count} reservations are affected, more than {most} at once: take fewer units, or a shorter time."
            ).format(count=len(decided), most=MOST)
        )
    if _seen(decided) != seen:
        raise Conflict(_("What is reserved has changed since you looked: look at the preview again."))


def _write_down(actor: User, outage: Outage, outcome: replan.Outcome) -> None:
    """In the audit record, for each organization; and whose jobs they are is told."""
    of_each: dict[Organization, dict[str, list[str]]] = defaultdict(lambda: {"moved": [], "ended": []})
    for name, jobs in (("moved", outcome.moved), ("ended", outcome.ended)):
        for job in jobs:
            of_each[job.organization][name].append(str(job.pk))
    for organization, ids in of_each.items():
        audit.record(
            "maintenance.reservations_changed", actor=actor, organization=organization, target=outage.pk, **ids
        )
    notify.maintained(outage, outcome.moved, outcome.ended)
