"""How well sales went against first come, first served, over whole days, by the seed's formula too.

What machines did as it was sold is measured. What they would have done for the queue is not: each unit that it books is
taken to be used as the booked ones were.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Avg, Q, Sum

from desk.models import ComparisonDay, PoolHour, QueueBook
from desk.periods import DAY, Period
from desk.utilisation import Ratios, utilisation
from pricing.models import Pool


class Side(NamedTuple):
    """`value` in micro-credits; `booked` and `used` in percent of what there was, `used` None where nobody knows."""

    accepted: int
    value: int
    booked: float
    used: float | None


@dataclass(frozen=True)
class Compared:
    pool: str
    since: date
    until: date
    requests: int
    sold: Side
    queue: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.sold, self.queue


class Days(NamedTuple):
    """Of a pool, both ends included."""

    pool_id: int
    since: date
    until: date

    @property
    def length(self) -> int:
        return (self.until - self.since) // DAY + 1

    @property
    def is_day(self) -> Q:
        return Q(pool=self.pool_id, day__gte=self.since, day__lte=self.until)

    @property
    def is_hour(self) -> Q:
        begin, end = (datetime.combine(day, time(), UTC) for day in (self.since, self.until + DAY))
        return Q(pool=self.pool_id, hour__gte=begin, hour__lt=end)


def compared(period: Period, ratios: Ratios, pool: Pool | None) -> list[Compared]:
    """Of each pool, or of one, the part of the period that was dealt with."""
    spans = _spans(period, pool)
    if not spans:
        return []
    of_days = ComparisonDay.objects.filter(_any([span.is_day for span in spans.values()]))
    sums = of_days.values_list("pool__slug", "pool").annotate(*_SUMS, units=Avg("units")).order_by("pool__slug")
    of_hours = PoolHour.objects.filter(_any([span.is_hour for span in spans.values()])).values_list("pool")
    used = {pool_id: shares for pool_id, *shares in of_hours.annotate(Avg("cpu"), Avg("memory"), Avg("gpu"))}
    return [_told(slug, spans[pool_id], row, used.get(pool_id), ratios) for slug, pool_id, *row in sums]


def _spans(period: Period, pool: Pool | None) -> dict[int, Days]:
    """Whole days of the period that each pool's requests were dealt with in full, where there are any."""
    books = QueueBook.objects.filter(Q(pool=pool) if pool else Q()).only("pool", "since", "upto")
    known = (
        Days(book.pool_id, max(period.since, book.since.date()), min(period.until, book.upto.date() - DAY))
        for book in books
    )
    return {span.pool_id: span for span in known if span.since <= span.until}


def _told(slug: str, span: Days, sums: list[Any], shares: list[float | None] | None, ratios: Ratios) -> Compared:
    requests, sold_accepted, sold_value, sold_seconds, queue_accepted, queue_value, queue_seconds, units = sums
    there = float(units) * span.length * DAY.total_seconds()
    sold, queue = float(sold_seconds), float(queue_seconds)
    return Compared(
        slug,
        span.since,
        span.until,
        requests,
        Side(sold_accepted, int(sold_value), _percent(sold, there), _used(shares, 1.0, ratios)),
        Side(
            queue_accepted,
            int(queue_value),
            _percent(queue, there),
            _used(shares, queue / sold, ratios) if sold else None,
        ),
    )


def _used(shares: list[float | None] | None, times: float, ratios: Ratios) -> float | None:
    """Of machines that are used so many times as much as was measured, but never more than wholly."""
    if shares is None:
        return None
    cpu, memory, gpu = (None if share is None else min(1.0, share * times) for share in shares)
    return 100 * utilisation(ratios, cpu=cpu or 0.0, memory=memory or 0.0, gpu=gpu)


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


_SUMS = [
    Sum(name)
    for name in (
        "requests",
        "sold_accepted",
        "sold_value",
        "sold_seconds",
        "queue_accepted",
        "queue_value",
        "queue_seconds",
    )
]
