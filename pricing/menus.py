"""The menu of a quote: the earliest start, the cheapest, and between them the one from which waiting saves less."""

import numpy as np

from pricing.book import Int64Array
from pricing.domain import MenuEntry, MenuKind, Offer

_INT64_MAX = 2**63 - 1


def menu(totals: Int64Array, *, first_start: int, slots: int) -> tuple[MenuEntry, ...]:
    """The entries, by their start; empty where nothing fits. Earliest and cheapest may be the same start.

    `totals` is what each start from `first_start` on costs, in micro-credits, -1 where it doesn't fit.
    """
    starts, prices = front(totals)
    if not len(starts):
        return ()
    chosen = [(MenuKind.EARLIEST, 0), (MenuKind.CHEAPEST, len(starts) - 1)]
    bend = knee(starts, prices)
    if bend is not None:
        chosen.insert(1, (MenuKind.KNEE, bend))
    return tuple(
        MenuEntry(kind, Offer(start := first_start + int(starts[at]), start + slots, int(prices[at])))
        for kind, at in chosen
    )


def front(totals: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Places and prices of the starts that are cheaper than every earlier one."""
    fits = np.flatnonzero(totals >= 0)
    prices = totals[fits]
    lowest = np.minimum.accumulate(prices)
    is_lower = np.ones(len(prices), dtype=bool)
    is_lower[1:] = lowest[1:] < lowest[:-1]
    return fits[is_lower], prices[is_lower]


def knee(starts: Int64Array, prices: Int64Array) -> int | None:
    """The place on a front that lies farthest below the chord between its ends; None where none lies below.

    How far is measured by the area between chord and point, which does not depend on the units of time and money.
    """
    waits, savings = starts - starts[0], prices[0] - prices
    if int(waits[-1]) * int(savings[-1]) > _INT64_MAX // 2:
        waits, savings = waits.astype(object), savings.astype(object)
    below = savings * waits[-1] - savings[-1] * waits
    at = int(np.argmax(below))
    return at if below[at] > 0 else None
