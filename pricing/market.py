"""Basic-Econ on a book: accept or refuse, at which price, from which slot, and what would do instead.

Pure arithmetic over the kernel; the same function decides for the portal, for receipts and in simulations.
"""

from collections.abc import Iterator

from pricing.book import Book, Int64Array
from pricing.domain import Alternative, AlternativeKind, Answer, Offer, Reason, Window
from pricing.kernel import PriceTable, decide, first_at_most, totals

_ANY_PRICE = 2**63 - 1


def answer(
    book: Book, table: PriceTable, wanted: Window, units: int, value: int | None, *, with_alternatives: bool = True
) -> Answer:
    """The answer to `units` in the window `wanted`. `value` is looked at once, after the price is found."""
    reason, offer = _cheapest(book, table, wanted, units)
    if offer and value is not None and value < offer.total:
        reason = Reason.PRICE_ABOVE_VALUE
    if reason is None or not with_alternatives:
        return Answer(wanted, reason, offer)
    instead = tuple(_alternatives(book, table, wanted, units, value, offer))
    return Answer(wanted, reason, offer, instead)


def curve(book: Book, table: PriceTable, wanted: Window, units: int) -> Int64Array:
    """The total from each start in [start, end - slots], int64 micro-credits, -1 where it doesn't fit."""
    end = min(wanted.end, wanted.horizon)
    if end - wanted.start < wanted.slots:
        return book.promised[:0]
    return totals(
        table,
        book.promised,
        book.capacity,
        first_slot=book.first_slot,
        units=units,
        slots=wanted.slots,
        start=wanted.start,
        end=end,
    )


def _cheapest(book: Book, table: PriceTable, wanted: Window, units: int) -> tuple[Reason | None, Offer | None]:
    if wanted.end - wanted.start < wanted.slots:
        return Reason.WINDOW_TOO_SHORT, None
    if wanted.start + wanted.slots > wanted.horizon:
        return Reason.BEYOND_HORIZON, None
    end = min(wanted.end, wanted.horizon)
    if units > book.capacity_at_most(wanted.start, end):
        return Reason.TOO_MANY_UNITS, None
    found = _search(book, table, wanted, units, end)
    return (None, found) if found else (Reason.NO_CAPACITY, None)


def _search(book: Book, table: PriceTable, wanted: Window, units: int, end: int) -> Offer | None:
    best = decide(
        table,
        book.promised,
        book.capacity,
        first_slot=book.first_slot,
        units=units,
        slots=wanted.slots,
        start=wanted.start,
        end=end,
    )
    return Offer(best.start, best.start + wanted.slots, best.total) if best else None


def _alternatives(
    book: Book, table: PriceTable, wanted: Window, units: int, value: int | None, offer: Offer | None
) -> Iterator[Alternative]:
    """Each changes one thing of the ask and is exact: asked for now, it is accepted."""
    if wanted.start + wanted.slots > wanted.horizon:
        return
    if offer:
        yield Alternative(AlternativeKind.VALUE, units, offer.total, wanted.end, offer)
    later = _earliest_end(book, table, wanted, units, value)
    if later and later.end_slot > wanted.end:
        yield Alternative(AlternativeKind.DEADLINE, units, value, later.end_slot, later)
    fewer = _most_units(book, table, wanted, units, value)
    if fewer:
        most, found = fewer
        yield Alternative(AlternativeKind.UNITS, most, value, wanted.end, found)


def _earliest_end(book: Book, table: PriceTable, wanted: Window, units: int, value: int | None) -> Offer | None:
    """The first start, up to the horizon, whose total is at most `value`."""
    if units > book.capacity_at_most(wanted.start, wanted.horizon):
        return None
    found = first_at_most(
        table,
        book.promised,
        book.capacity,
        _ANY_PRICE if value is None else value,
        first_slot=book.first_slot,
        units=units,
        slots=wanted.slots,
        start=wanted.start,
        end=wanted.horizon,
    )
    return Offer(found.start, found.start + wanted.slots, found.total) if found else None


def _most_units(
    book: Book, table: PriceTable, wanted: Window, units: int, value: int | None
) -> tuple[int, Offer] | None:
    """The most units below `units` that would do. A start that fits n units fits fewer, for less: so halve."""
    end = min(wanted.end, wanted.horizon)
    if end - wanted.start < wanted.slots:
        return None
    low, high = 0, min(units - 1, book.capacity_at_most(wanted.start, end))
    best: Offer | None = None
    while low < high:
        middle = (low + high + 1) // 2
        found = _search(book, table, wanted, middle, end)
        if found and (value is None or found.total <= value):
            low, best = middle, found
        else:
            high = middle - 1
    return (low, best) if best else None
