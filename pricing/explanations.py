"""How a price came about: what each slot cost, what was free there, and what demand was expected from others.

Pure arithmetic on the book and the forecast that a decision was made from.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pricing.book import Book, Int64Array
from pricing.domain import Offer, Window
from pricing.kernel import PriceTable, slot_costs

Curve = Sequence[Sequence[int]]


class Stretch(NamedTuple):
    """Neighbouring slots [start, end) that are alike: what is there, what is promised, which curve is expected."""

    start_slot: int
    end_slot: int
    capacity: int
    promised: int
    curve: int


class Line(NamedTuple):
    """What some neighbouring slots of a run cost together, in micro-credits.

    `cheapest` and `dearest` are prices of one unit in one slot; `free` (before the run was bought) and
    `wanted`, the units that others were expected to want at the dearest price or more, are the least and the
    most of these slots.
    """

    start_slot: int
    end_slot: int
    free: tuple[int, int]
    wanted: tuple[int, int]
    cheapest: int
    dearest: int
    cost: int


class Season(NamedTuple):
    """What a forecast expects: slot t has the curve `curve_of[t % len(curve_of)]`."""

    curves: Sequence[Curve]
    curve_of: Int64Array

    def at(self, start_slot: int, end_slot: int) -> Int64Array:
        """Which curve each slot of [start, end) has."""
        return self.curve_of[np.arange(start_slot, end_slot, dtype=np.int64) % len(self.curve_of)]

    def demand(self, start_slot: int, prices: Int64Array) -> Int64Array:
        """The units wanted at or above each of `prices`, those of the slots from `start_slot` on."""
        which = self.at(start_slot, start_slot + len(prices))
        wanted = np.zeros(len(prices), dtype=np.int64)
        for curve in np.unique(which):
            here = which == curve
            for price, units in self.curves[curve]:
                wanted[here] = np.maximum(wanted[here], np.where(prices[here] <= price, units, 0))
        return wanted


def stretches(book: Book, season: Season, wanted: Window) -> list[Stretch]:
    """The slots of the window that can be booked, those that are alike together."""
    start, end = wanted.start, min(wanted.end, wanted.horizon)
    if end <= start:
        return []
    part = slice(start - book.first_slot, end - book.first_slot)
    levels = np.stack([book.capacity[part], book.promised[part], season.at(start, end)])
    begins = [0, *(np.flatnonzero(np.any(np.diff(levels) != 0, axis=0)) + 1).tolist()]
    ends = [*begins[1:], end - start]
    return [
        Stretch(start + one, start + after, *levels[:, one].tolist()) for one, after in zip(begins, ends, strict=True)
    ]


def lines(book: Book, table: PriceTable, season: Season, offer: Offer, units: int, together: int) -> list[Line]:
    """The run, in lines of the slots that lie between two multiples of `together`."""
    start, end = offer.start_slot, offer.end_slot
    part = slice(start - book.first_slot, end - book.first_slot)
    free = book.capacity[part] - book.promised[part]
    all_units, ones, but_one = (costs(book, table, count, start, end) for count in (units, 1, units - 1))
    dearest = all_units - but_one
    wanted = season.demand(start, dearest)
    begins = [0, *range(-start % together or together, end - start, together)]
    ends = [*begins[1:], end - start]
    return [
        Line(
            start + one,
            start + after,
            (int(free[one:after].min()), int(free[one:after].max())),
            (int(wanted[one:after].min()), int(wanted[one:after].max())),
            int(ones[one:after].min()),
            int(dearest[one:after].max()),
            int(all_units[one:after].sum()),
        )
        for one, after in zip(begins, ends, strict=True)
    ]


def costs(book: Book, table: PriceTable, units: int, start: int, end: int) -> Int64Array:
    """What `units` units cost in each slot of [start, end), in micro-credits."""
    if units == 0:
        return np.zeros(end - start, dtype=np.int64)
    return slot_costs(
        table, book.promised, book.capacity, first_slot=book.first_slot, units=units, start=start, end=end
    )
