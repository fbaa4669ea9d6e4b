"""Many decisions in a row, each on the book that the ones before have left, before any of it is written."""

from datetime import datetime

from pricing import decisions
from pricing.book import Change
from pricing.decisions import Terms
from pricing.domain import Answer, Ask, Offer
from pricing.models import Pool
from pricing.selectors import books, tables
from pricing.services.quotes import most_units


class Series:
    """Decides on a copy of a pool's book: the one that others see stays as it is until the book is written.

    `pool` must come from `book.lock_pool` in this transaction. What is taken gets the numbers that
    `book.append_many` will give it, in the same order.
    """

    def __init__(self, pool: Pool, now: datetime) -> None:
        self.pool = pool
        self._now = now
        self._terms = Terms.of(pool)
        with books.current(pool, *self._terms.span(now)) as book:
            self._book = book.copy()
        self._table = tables.table(pool.pk, pool.forecast_version, most_units(self._book))

    @property
    def book_number(self) -> int:
        """Of the last entry that the next decision sees."""
        return self._book.number

    def decide(self, ask: Ask) -> Answer:
        """The answer as `quotes.decide` gives it, without alternatives."""
        return decisions.decide(self._book, self._table, self._terms, ask, self._now, with_alternatives=False)

    def take(self, offer: Offer, units: int) -> None:
        """Let the next decisions see this offer as promised."""
        self._book.apply(Change(self._book.number + 1, offer.start_slot, offer.end_slot, units, 0))
