"""A decision as a pure function of what a receipt keeps: book, forecast, terms, ask and moment."""

from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self

from era_platform.common import clock
from pricing import market
from pricing.book import Book
from pricing.domain import Answer, Ask, Limits, Window, ways, window
from pricing.kernel import PriceTable

# Kept in receipts: to be raised with every change after which a refusal could name other alternatives.
OFFERS_VERSION = "offers/1"


class _Sold(Protocol):
    @property
    def slot_seconds(self) -> int: ...
    @property
    def horizon_slots(self) -> int: ...
    @property
    def min_units(self) -> int: ...
    @property
    def min_slots(self) -> int: ...


class Terms(NamedTuple):
    """What of a pool enters a decision beside its book and its forecast.

    A receipt keeps them, since a pool can change. Who adds one gives it the default that earlier
    receipts, which lack it, were decided by.
    """

    slot_seconds: int
    horizon_slots: int
    min_units: int = 1
    min_slots: int = 1

    @property
    def limits(self) -> Limits:
        """What alternatives are held to; only the least ones can matter, for none asks for more than was asked."""
        return Limits(min_units=self.min_units, min_slots=self.min_slots)

    @classmethod
    def of(cls, pool: _Sold) -> Self:
        return cls(*(getattr(pool, name) for name in cls._fields))

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        """Raises TypeError where something is missing, or is not known here."""
        return cls(**kept)

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return self._asdict()

    def span(self, now: datetime) -> tuple[int, int]:
        """The slots [first, horizon) that can be booked at `now`: what a book must have for a decision."""
        first = clock.slot_at(now, self.slot_seconds) + 1
        return first, first + self.horizon_slots

    def window(self, ask: Ask, now: datetime) -> Window:
        return window(ask, slot_seconds=self.slot_seconds, horizon_slots=self.horizon_slots, now=now)


def decide(
    book: Book, table: PriceTable, terms: Terms, ask: Ask, now: datetime, *, with_alternatives: bool = True
) -> Answer:
    """The answer to `ask` at `now`. `book` has at least the slots of `terms.span(now)`."""
    asked = ways(ask, slot_seconds=terms.slot_seconds)
    wanted = terms.window(ask, now)
    limits = terms.limits._replace(step=ask.step)
    return market.choose(book, table, wanted, asked, with_alternatives=with_alternatives, limits=limits)
