"""Basic-Econ said literally and slowly: the specification of the kernel.

Source: Babaioff et al., WWW 2017 companion, arXiv 1702.07311. Plain Python integers, which do
not overflow; nothing here is shared with the code it specifies but the shape of the answer.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pricing.kernel.offer import Offer

# Steps `(price, units demanded at or above that price)`; the dearer, the fewer units.
Curve = Sequence[tuple[int, int]]


class Slot(NamedTuple):
    """One slot of the book, and what the forecast expects in it."""

    capacity: int
    promised: int
    curve: Curve


def demand(curve: Curve, price: int) -> int:
    """Units expected to be wanted by those who would pay at least `price`."""
    return max((units for step, units in curve if step >= price), default=0)


def price(slot: Slot, i: int, floor: int) -> int | None:
    """The i-th unit's price (i from 1): the highest at which demand no longer leaves it free.

    None where the unit is not there to be sold.
    """
    if slot.promised + i > slot.capacity:
        return None
    prices = (step for step, _ in slot.curve if demand(slot.curve, step) + slot.promised + i > slot.capacity)
    return max(floor, max(prices, default=floor))


def cost(slot: Slot, units: int, floor: int) -> int | None:
    """The price of `units` units in one slot; None where they do not fit."""
    total = 0
    for i in range(1, units + 1):
        one = price(slot, i, floor)
        if one is None:
            return None
        total += one
    return total


def totals(
    slots: Mapping[int, Slot], floor: int, units: int, length: int, start: int, end: int
) -> dict[int, int | None]:
    """The total of `length` slots from each t in [start, end - length], both ends included."""
    costs = {t: cost(slots[t], units, floor) for t in range(start, end)}
    answer: dict[int, int | None] = {}
    for t in range(start, end - length + 1):
        parts = [costs[t + k] for k in range(length)]
        known = [part for part in parts if part is not None]
        answer[t] = sum(known) if len(known) == length else None
    return answer


def decide(slots: Mapping[int, Slot], floor: int, units: int, length: int, start: int, end: int) -> Offer | None:
    """The start of least total, the earliest of equals; None where nothing fits."""
    best: Offer | None = None
    for t, total in totals(slots, floor, units, length, start, end).items():
        if total is not None and (best is None or total < best.total):
            best = Offer(t, total)
    return best


def accepts(offer: Offer | None, value: int) -> bool:
    """Whether a request worth `value` is accepted. The only place where a value is looked at."""
    return offer is not None and value >= offer.total
