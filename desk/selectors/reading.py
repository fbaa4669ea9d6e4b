"""What the desk's pages read: the present from indexes, the past from what was rolled up."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from django.db.models import Count, Q, Sum

from desk.models import PoolDay, RefusalDay
from desk.periods import Period
from era_platform.common import clock
from jobs.models import Job, Node
from jobs.states import State
from pricing.models import Pool
from pricing.selectors import books
from pricing.selectors.capacity import steps_by_cause

MOST = 20
BUCKETS = 96


@dataclass(frozen=True)
class Present:
    """Jobs that start next, those that should have started (`late`; both at most MOST), and nodes that are away."""

    running: int
    starting: int
    coming: list[Job]
    late: list[Job]
    away: list[Node]


@dataclass(frozen=True)
class Bucket:
    """A part of the time ahead: units at the most promised slot, and those there at the least."""

    at: datetime
    promised: int
    there: int


class Day(NamedTuple):
    """See models.PoolDay."""

    day: date
    asked: int
    accepted: int
    value: int
    value_accepted: int
    settled: int
    paid: int
    credit: int


def present() -> Present:
    now = clock.now()
    reserved = Job.objects.filter(state=State.RESERVED).select_related("pool", "organization").order_by("start_at")
    counts = dict(
        Job.objects.filter(state__in=[State.STARTING, State.RUNNING])
        .values_list("state")
        .annotate(Count("pk"))
        .order_by()
    )
    return Present(
        running=counts.get(State.RUNNING, 0),
        starting=counts.get(State.STARTING, 0),
        coming=list(reserved.filter(start_at__gt=now)[:MOST]),
        late=list(reserved.filter(start_at__lte=now)[:MOST]),
        away=list(Node.objects.filter(available=False).select_related("pool").order_by("since")),
    )


def book_ahead(pool: Pool) -> list[Bucket]:
    """From the next slot to the horizon, in at most BUCKETS parts."""
    first = pool.slot_now() + 1
    end = first + pool.horizon_slots
    promised = books.as_of(pool, pool.book_number, first, end).promised
    there = np.zeros(end - first, dtype=np.int64)
    for cause, steps in steps_by_cause(pool, first).items():
        if cause != "headroom":
            there += steps.levels(steps.capacity, first, end)
    size = -(-(end - first) // BUCKETS)
    return [
        Bucket(
            clock.slot_start(first + at, pool.slot_seconds),
            int(promised[at : at + size].max()),
            max(0, int(there[at : at + size].min())),
        )
        for at in range(0, end - first, size)
    ]


def days(period: Period, pool: Pool | None) -> list[Day]:
    """Sums of each day, the newest first."""
    of_pool = Q(pool=pool) if pool else Q()
    found = PoolDay.objects.filter(of_pool, day__gte=period.since, day__lte=period.until).values_list("day")
    sums = found.annotate(*(Sum(name) for name in Day._fields[1:])).order_by("-day")
    return [Day(day, *map(int, counted)) for day, *counted in sums]


def total(rows: list[Day]) -> Day:
    """Of all days; its own day is that of the oldest."""
    columns = list(zip(*rows, strict=True))
    return Day(columns[0][-1], *(sum(column) for column in columns[1:]))


def refusals(period: Period, pool: Pool | None) -> list[tuple[str, int]]:
    """Reasons and how many requests each refused, the most frequent first."""
    of_pool = Q(pool=pool) if pool else Q()
    found = RefusalDay.objects.filter(of_pool, day__gte=period.since, day__lte=period.until).values_list("reason")
    return [(reason, int(jobs)) for reason, jobs in found.annotate(all=Sum("jobs")).order_by("-all", "reason")]
