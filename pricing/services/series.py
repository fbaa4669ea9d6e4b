"""Many decisions in a row, each on the book that the ones before have left, before any of it is written."""

from datetime import datetime

from era_platform.common import clock
from pricing import market
from pricing.book import Change
from pricing.domain import Answer, Ask, Offer, ways, window
from pricing.models import Pool
from pricing.selectors import books, tables


class Series:
    """Decides on a copy of a pool's book: the one that others see stays as it is until the book is written.

    `pool` must come from `book.lock_pool` in this transaction. What is taken gets the numbers that
    `book.append_many` will give it, in the same order.
    """

    def __init__(self, pool: Pool, now: datetime) -> None:
        self.pool = pool
        self._now = now
        first = clock.slot_at(now, pool.slot_seconds) + 1
        with books.current(pool, first, first + pool.horizon_slots) as book:
            self._book = book.copy()
        self._table = tables.table(pool.pk, pool.forecast_version, max(int(self._book.capacity.max(initial=0)), 1))

    @property
    def book_number(self) -> int:
        """Of the last entry that the next decision sees."""
        return self._book.number

    def decide(self, ask: Ask) -> Answer:
        """The answer as `quotes.decide` gives it, without alternatives."""
        pool = self.pool
        wanted = window(ask, slot_seconds=pool.slot_seconds, horizon_slots=pool.horizon_slots, now=self._now)
        asked = ways(ask, slot_seconds=pool.slot_seconds)
        return market.choose(self._book, self._table, wanted, asked, with_alternatives=False)

    def take(self, offer: Offer, units: int) -> None:
        """Let the next decisions see this offer as promised."""
        self._book.apply(Change(self._book.number + 1, offer.start_slot, offer.end_slot, units, 0))
