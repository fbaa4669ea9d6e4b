"""Answers to asks: a quote binds nobody; `decide` is what both quotes and reservations come from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from era_platform.common import clock
from era_platform.common.errors import Conflict
from era_platform.common.money import format_credits
from pricing import market
from pricing.book import Book, Int64Array
from pricing.domain import Alternative, Answer, Ask, Window, window
from pricing.kernel import PriceTable
from pricing.models import Pool
from pricing.selectors import books, tables


@dataclass(frozen=True)
class Quote:
    """An answer, with what is needed to recompute it. `curve` holds the total of each start, -1 where none."""

    pool: Pool
    ask: Ask
    answer: Answer
    decided_at: datetime
    book_number: int
    forecast_version: int
    curve: Int64Array | None = None

    def moment(self, slot: int) -> datetime:
        return clock.slot_start(slot, self.pool.slot_seconds)


def quote(pool: Pool, ask: Ask, *, with_curve: bool = False) -> Quote:
    """What the market would answer now. Raises Conflict where the pool is closed for sale."""
    check_open(pool)
    return decide(pool, ask, now=clock.now(), with_curve=with_curve)


def decide(pool: Pool, ask: Ask, *, now: datetime, with_curve: bool = False) -> Quote:
    """The answer at `now`, on the book as `pool` knows it: binding while the pool's row is locked."""
    wanted = window(ask, slot_seconds=pool.slot_seconds, horizon_slots=pool.horizon_slots, now=now)
    first = wanted.horizon - pool.horizon_slots
    with books.current(pool, first, wanted.horizon) as book:
        table = tables.table(pool.pk, pool.forecast_version, _most(book.capacity))
        answer = market.answer(book, table, wanted, ask.units, ask.value)
        curve = _curve(book, table, wanted, ask.units) if with_curve else None
        return Quote(pool, ask, answer, now, book.number, pool.forecast_version, curve)


def check_open(pool: Pool) -> None:
    if not pool.is_open:
        raise Conflict(
            _("The pool {pool} is closed for sale.").format(pool=pool.slug), code="pool_closed", field="pool"
        )


def warm(pool: Pool) -> None:
    """Bring this process's book and tables up to date, so that less is left to do under the pool's lock."""
    first = clock.slot_at(clock.now(), pool.slot_seconds) + 1
    with books.current(pool, first, first + pool.horizon_slots) as book:
        tables.table(pool.pk, pool.forecast_version, _most(book.capacity))


def describe(quote: Quote, alternative: Alternative) -> dict[str, Any]:
    """An alternative as it is told and kept: what to ask for, and what would come of it."""
    value = alternative.value
    return {
        "kind": alternative.kind.value,
        "units": alternative.units,
        "value": None if value is None else format_credits(value),
        "deadline": _iso(quote, alternative.deadline_slot),
        "price": format_credits(alternative.offer.total),
        "start": _iso(quote, alternative.offer.start_slot),
        "end": _iso(quote, alternative.offer.end_slot),
    }


def _iso(quote: Quote, slot: int) -> str:
    return quote.moment(slot).isoformat().replace("+00:00", "Z")


def _curve(book: Book, table: PriceTable, wanted: Window, units: int) -> Int64Array:
    fits = units <= book.capacity_at_most(wanted.start, wanted.horizon)
    return market.curve(book, table, wanted, units) if fits else book.promised[:0]


def _most(capacity: Int64Array) -> int:
    return max(int(capacity.max(initial=0)), 1)
