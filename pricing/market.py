"""Basic-Econ on a book: accept or refuse, at which price, from which slot, and what would do instead.

Pure arithmetic over the kernel; the same function decides for the portal, for receipts and in simulations.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pricing import kernel
from pricing.book import Book, Int64Array
from pricing.domain import NO_LIMITS, Alternative, AlternativeKind, Answer, Limits, Offer, Priced, Reason, Way, Window
from pricing.kernel import PriceTable

_ANY_PRICE = 2**63 - 1
_NEAR = 256  # starts: fewer take no less time


def answer(
    book: Book, table: PriceTable, wanted: Window, units: int, value: int | None, *, with_alternatives: bool = True
) -> Answer:
    """The answer to `units` in the window `wanted`. `value` is looked at once, after the price is found."""
    return choose(book, table, wanted, (Way(units, wanted.slots, value),), with_alternatives=with_alternatives)


def choose(
    book: Book,
    table: PriceTable,
    wanted: Window,
    ways: Sequence[Way],
    *,
    with_alternatives: bool = True,
    limits: Limits = NO_LIMITS,
) -> Answer:
    """The answer to an ask that any one of `ways` would meet: the best by value minus price, the first of equals.

    `wanted.slots` counts for nothing. On refusal the alternatives say what would be accepted instead; none of
    them lies outside `limits`, which `ways` are taken to be within.

    Truthful: prices come without a look at values, and among them the buyer gets what is best by the buyer's
    own words. So to say anything but what is true can only lose.
    """
    decided = _decide(book, table, wanted, ways)
    if decided.reason is None or not with_alternatives:
        return decided
    instead = tuple(_alternatives(book, table, decided, ways, limits))
    return Answer(decided.window, decided.reason, decided.offer, instead, decided.way, decided.priced)


def _decide(book: Book, table: PriceTable, wanted: Window, ways: Sequence[Way]) -> Answer:
    priced = tuple([Priced(*_cheapest(book, table, wanted._replace(slots=way.slots), way.units)) for way in ways])
    best = max(range(len(ways)), key=lambda index: (_surplus(ways[index], priced[index]), -index))
    reason, offer = priced[best]
    if offer and _surplus(ways[best], priced[best]).gain < 0:
        reason = Reason.PRICE_ABOVE_VALUE
    return Answer(wanted._replace(slots=ways[best].slots), reason, offer, (), best, priced)


def curve(book: Book, table: PriceTable, wanted: Window, units: int) -> Int64Array:
    """The total from each start in [start, end - slots], int64 micro-credits, -1 where it doesn't fit."""
    if wanted.stop - wanted.start < wanted.slots or units > table.max_units:
        return book.promised[:0]
    asked = _asked(book, units, wanted.slots, wanted.start, wanted.stop)
    return kernel.totals(table, book.promised, book.capacity, **asked)


class _Surplus(NamedTuple):
    """How good an outcome is to the buyer: whatever has a price is better than what has none."""

    near: int
    gain: int


_NEARNESS = (Reason.WINDOW_TOO_SHORT, Reason.BEYOND_HORIZON, Reason.TOO_MANY_UNITS, Reason.NO_CAPACITY)


def _surplus(way: Way, priced: Priced) -> _Surplus:
    """Value minus price. Where no value was said, any is enough, and the cheapest way is the best."""
    if priced.offer is None:
        return _Surplus(_NEARNESS.index(priced.reason) if priced.reason else 0, 0)
    worth = _ANY_PRICE if way.value is None else way.value
    return _Surplus(len(_NEARNESS), worth - priced.offer.total)


def _cheapest(book: Book, table: PriceTable, wanted: Window, units: int) -> tuple[Reason | None, Offer | None]:
    if wanted.end - wanted.start < wanted.slots:
        return Reason.WINDOW_TOO_SHORT, None
    if wanted.start + wanted.slots > wanted.horizon:
        return Reason.BEYOND_HORIZON, None
    if units > book.capacity_at_most(wanted.start, wanted.stop):
        return Reason.TOO_MANY_UNITS, None
    found = _search(book, table, wanted, units, wanted.stop)
    return (None, found) if found else (Reason.NO_CAPACITY, None)


def _search(book: Book, table: PriceTable, wanted: Window, units: int, end: int) -> Offer | None:
    asked = _asked(book, units, wanted.slots, wanted.start, end)
    best = kernel.decide(table, book.promised, book.capacity, **asked)
    return _made(best, wanted.slots) if best else None


class _Instead(NamedTuple):
    """What one configuration would have to become."""

    units: int
    offer: Offer


def _alternatives(
    book: Book, table: PriceTable, decided: Answer, ways: Sequence[Way], limits: Limits
) -> Iterator[Alternative]:
    """Each changes one thing of the ask and is exact: asked for now, it is accepted.

    Of the configurations, the one that was nearest to be accepted has the least value to raise, any may have
    the nearest deadline, and any may give the most work for fewer units or for less time.
    """
    wanted = decided.window
    if wanted.start >= wanted.horizon:
        return
    if decided.offer:
        best = ways[decided.way]
        yield Alternative(
            AlternativeKind.VALUE, best.units, decided.offer.total, wanted.end, decided.offer, decided.way
        )

    for kind, find, is_better in _SEARCHES:
        best_found, at = None, 0
        for index, way in enumerate(ways):
            found = find(book, table, wanted, way, decided.priced[index])
            found = _in_steps(book, table, wanted, found, limits.step)
            if found and _is_taken(found, limits) and (best_found is None or is_better(found, best_found)):
                best_found, at = found, index
        if best_found:
            offer = best_found.offer
            end = offer.end_slot if kind is AlternativeKind.DEADLINE else wanted.end
            yield Alternative(kind, best_found.units, ways[at].value, end, offer, at)


def _later(book: Book, table: PriceTable, wanted: Window, way: Way, priced: Priced) -> _Instead | None:
    """The first start beyond the window, up to the horizon, whose total is at most the value.

    Near starts are asked first, then twice as far, so that the cost follows the distance of the answer.
    """
    too_many = priced.reason is Reason.TOO_MANY_UNITS
    if too_many and way.units > book.capacity_at_most(wanted.start, wanted.horizon):
        return None
    first = max(wanted.start, wanted.end - way.slots + 1)
    reach = max(2 * way.slots, wanted.end - wanted.start, _NEAR)
    while first + way.slots <= wanted.horizon:
        stop = min(first + way.slots - 1 + reach, wanted.horizon)
        asked = _asked(book, way.units, way.slots, first, stop)
        found = kernel.first_at_most(table, book.promised, book.capacity, _worth(way), **asked)
        if found:
            return _Instead(way.units, _made(found, way.slots))
        first, reach = stop - way.slots + 1, 2 * reach
    return None


def _fewer(book: Book, table: PriceTable, wanted: Window, way: Way, priced: Priced) -> _Instead | None:
    """The most units below those asked for that would do."""
    if way.units < 2 or wanted.stop - wanted.start < way.slots:
        return None
    asked = _asked(book, way.units - 1, way.slots, wanted.start, wanted.stop)
    near = priced.offer.start_slot if priced.offer else None
    found = kernel.most_units(table, book.promised, book.capacity, _worth(way), near=near, **asked)
    return _Instead(found[0], _made(found[1], way.slots)) if found else None


def _shorter(book: Book, table: PriceTable, wanted: Window, way: Way, priced: Priced) -> _Instead | None:
    """The longest run, in slots, below what was asked for that would do."""
    if way.slots < 2 or wanted.stop <= wanted.start or priced.reason is Reason.TOO_MANY_UNITS:
        return None
    asked = _asked(book, way.units, way.slots - 1, wanted.start, wanted.stop)
    found = kernel.longest(table, book.promised, book.capacity, _worth(way), **asked)
    return _Instead(way.units, _made(found[1], found[0])) if found else None


def _in_steps(book: Book, table: PriceTable, wanted: Window, found: _Instead | None, step: int) -> _Instead | None:
    """The most whole steps of units in what was found: fewer units never cost more."""
    if found is None or found.units % step == 0:
        return found
    units, (start, end, _) = found.units // step * step, found.offer
    offer = _search(book, table, wanted._replace(slots=end - start), units, wanted.stop) if units else None
    return _Instead(units, offer) if offer else None


def _is_taken(found: _Instead, limits: Limits) -> bool:
    """What was found is the most that would do, so where that is too little there is nothing."""
    return limits.holds_units(found.units) and limits.holds_slots(found.offer.end_slot - found.offer.start_slot)


def _ends_sooner(one: _Instead, other: _Instead) -> bool:
    return one.offer.end_slot < other.offer.end_slot


def _does_more(one: _Instead, other: _Instead) -> bool:
    return _work(one) > _work(other)


def _work(found: _Instead) -> int:
    return found.units * (found.offer.end_slot - found.offer.start_slot)


_SEARCHES = (
    (AlternativeKind.DEADLINE, _later, _ends_sooner),
    (AlternativeKind.UNITS, _fewer, _does_more),
    (AlternativeKind.DURATION, _shorter, _does_more),
)


def _asked(book: Book, units: int, slots: int, start: int, end: int) -> dict[str, int]:
    return {"first_slot": book.first_slot, "units": units, "slots": slots, "start": start, "end": end}


def _worth(way: Way) -> int:
    return _ANY_PRICE if way.value is None else way.value


def _made(best: kernel.Offer, slots: int) -> Offer:
    return Offer(best.start, best.start + slots, best.total)
