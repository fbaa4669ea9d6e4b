"""Sets what was sold against what first come, first served would have given on the same requests.

First come, first served here books each request when it comes, at the earliest start that is free, without a price.
Both have all units but the head-room in every slot: outages are left out of both. Each request is dealt with once, in
the order in which they came; the book of the queue is kept in between.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from django_scopes import scopes_disabled

from desk.models import QueueBook
from era_platform.common import clock
from jobs.models import Job
from jobs.states import State
from pricing.book import Int64Array
from pricing.domain import Ask, window
from pricing.kernel import PriceTable, decide_all
from pricing.kernel.offer import Outcome
from pricing.models import Pool
from pricing.runs import runs

PERIOD = timedelta(days=35)
"""How far back it begins where nothing was compared before."""
LATE = timedelta(minutes=10)
"""After which no request comes in any more that was made before."""
AT_A_TIME, SECONDS = 20_000, 60.0
"""Requests that are dealt with in one go; and for how long one run takes up further ones of a pool."""
DAY = timedelta(days=1)

_ADD = """
INSERT INTO desk_comparisonday (pool_id, day, units, requests, sold_accepted, sold_value, sold_seconds,
    queue_accepted, queue_value, queue_seconds)
VALUES (%(pool)s, %(day)s, %(units)s, %(requests)s, %(sold_accepted)s, %(sold_value)s, %(sold_seconds)s,
    %(queue_accepted)s, %(queue_value)s, %(queue_seconds)s)
ON CONFLICT (pool_id, day) DO UPDATE SET units = EXCLUDED.units,
    requests = desk_comparisonday.requests + EXCLUDED.requests,
    sold_accepted = desk_comparisonday.sold_accepted + EXCLUDED.sold_accepted,
    sold_value = desk_comparisonday.sold_value + EXCLUDED.sold_value,
    sold_seconds = desk_comparisonday.sold_seconds + EXCLUDED.sold_seconds,
    queue_accepted = desk_comparisonday.queue_accepted + EXCLUDED.queue_accepted,
    queue_value = desk_comparisonday.queue_value + EXCLUDED.queue_value,
    queue_seconds = desk_comparisonday.queue_seconds + EXCLUDED.queue_seconds
"""
_COUNTED = ("requests", "sold_accepted", "sold_value", "sold_seconds", "queue_accepted", "queue_value", "queue_seconds")

Days = dict[date, dict[str, int]]


class Request(NamedTuple):
    """What was asked for in slots, and where it was sold: from slot `sold` on, None where it was refused."""

    id: UUID
    at: datetime
    units: int
    slots: int
    start: int
    end: int
    value: int
    sold: int | None


def compare_all() -> int:
    """Deal with what was asked of each pool since the last time; returns how many requests that were."""
    with scopes_disabled():
        return sum(_follow(pool) for pool in Pool.objects.order_by("pk"))


def _follow(pool: Pool) -> int:
    done, give_up = 0, time.monotonic() + SECONDS
    while True:
        came = compare(pool, clock.now() - LATE)
        done += came
        if came < AT_A_TIME or time.monotonic() > give_up:
            return done


@transaction.atomic
def compare(pool: Pool, until: datetime) -> int:
    """Deal with the next requests that were made before `until`; returns how many were looked at."""
    begin = _midnight(max(pool.created_at, until - PERIOD))
    queue, _new = QueueBook.objects.select_for_update().get_or_create(
        pool=pool, defaults={"since": begin, "upto": begin}
    )
    jobs = _next(pool, queue, until)
    asked = [request for job in jobs if (request := _request(pool, job))]
    whole = len(jobs) < AT_A_TIME
    queue.upto, queue.last = (max(until, queue.upto), None) if whole else (jobs[-1].submitted_at, jobs[-1].pk)
    first = clock.slot_at(queue.upto, pool.slot_seconds)
    starts, promised, base = _serve(pool, queue, asked, first)
    queue.promised = _kept(promised[max(0, first - base) :], max(base, first))
    queue.made_at = clock.now()
    queue.save()
    _add(pool, _days(pool, asked, starts))
    return len(jobs)


def _next(pool: Pool, queue: QueueBook, until: datetime) -> list[Job]:
    after = Q(submitted_at__gt=queue.upto) | Q(submitted_at=queue.upto, pk__gt=queue.last) if queue.last else Q()
    found = Job.objects.filter(after, pool=pool, submitted_at__gte=queue.upto, submitted_at__lt=until)
    fields = ("submitted_at", "units", "duration", "earliest", "deadline", "value", "state", "start_slot")
    return list(found.only(*fields).order_by("submitted_at", "pk")[:AT_A_TIME])


def _request(pool: Pool, job: Job) -> Request | None:
    """None where it would not fit an empty pool."""
    wanted = window(
        Ask(job.units, job.duration, job.deadline, job.earliest, job.value),
        slot_seconds=pool.slot_seconds,
        horizon_slots=pool.horizon_slots,
        now=job.submitted_at,
    )
    if wanted.stop - wanted.start < wanted.slots or job.units > _units(pool):
        return None
    sold = None if job.state == State.REJECTED else job.start_slot
    return Request(job.pk, job.submitted_at, job.units, wanted.slots, wanted.start, wanted.stop, job.value, sold)


def _serve(pool: Pool, queue: QueueBook, asked: list[Request], first: int) -> tuple[list[int], Int64Array, int]:
    """A start for each request, -1 where it is refused; then what is promised, from the slot that comes last on."""
    base = min([first, *(request.start for request in asked), *(slot for slot, _units in queue.promised[:1])])
    end = max([first, *(request.end for request in asked), *(slot for slot, _units in queue.promised[-1:])])
    promised = np.zeros(end - base + 1, dtype=np.int64)
    for slot, units in queue.promised:
        promised[slot - base :] = units
    if not asked:
        return [], promised, base
    units = _units(pool)
    free = PriceTable([[]], [0], floor=0, max_units=units)
    rows = np.array([request[2:7] for request in asked], dtype=np.int64)
    made = decide_all(free, promised, np.full_like(promised, units), rows, first_slot=base)
    starts = np.where(made.outcomes == Outcome.ACCEPTED, made.starts, -1)
    return starts.tolist(), made.promised, base


def _kept(promised: Int64Array, first: int) -> list[list[int]]:
    return [[first + at, units] for at, units in runs(promised)]


def _days(pool: Pool, asked: list[Request], starts: list[int]) -> Days:
    days: Days = defaultdict(lambda: dict.fromkeys(_COUNTED, 0))
    for request, start in zip(asked, starts, strict=True):
        day = days[request.at.astimezone(UTC).date()]
        day["requests"] += 1
        for side, begin in (("sold", request.sold), ("queue", start if start >= 0 else None)):
            if begin is not None:
                day[f"{side}_accepted"] += 1
                day[f"{side}_value"] += request.value
                for when, seconds in _by_day(pool, begin, request.slots):
                    days[when][f"{side}_seconds"] += request.units * seconds
    return days


def _by_day(pool: Pool, start: int, slots: int) -> Iterator[tuple[date, int]]:
    """The days that these slots lie in, and how many seconds of each."""
    begin, end = (clock.slot_start(slot, pool.slot_seconds) for slot in (start, start + slots))
    while begin < end:
        until = min(end, _midnight(begin) + DAY)
        yield begin.astimezone(UTC).date(), round((until - begin).total_seconds())
        begin = until


def _add(pool: Pool, days: Days) -> None:
    rows: list[dict[str, Any]] = [{"pool": pool.pk, "day": day, "units": _units(pool), **days[day]} for day in days]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)


def _units(pool: Pool) -> int:
    return max(0, pool.units - pool.headroom_units)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
