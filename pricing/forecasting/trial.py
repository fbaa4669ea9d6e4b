"""What a set of prices would have done with the requests of a past: whom it serves, and for how much."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.forecasting.curves import Curve, Int64Array, rows_of
from pricing.forecasting.history import History
from pricing.kernel import replay


class Prices(NamedTuple):
    """`sums[r, n]` is what the first n free units of a slot cost in row r; `row_of[k]` the row of a slot k ahead."""

    sums: Int64Array
    row_of: Int64Array

    def of_unit(self, number: int, ahead: int) -> int:
        """What the number-th unit (from 1) of an empty slot costs, `ahead` slots before it."""
        row = self.sums[self.row_of[min(ahead, len(self.row_of) - 1)]]
        free = len(row) - number
        return int(row[free] - row[free - 1])


class Trial(NamedTuple):
    """How many requests there were and what they were worth; how many were served, their worth, and what they paid."""

    requests: int
    asked: int
    accepted: int
    served: int
    revenue: int

    @property
    def served_share(self) -> float:
        return self.served / self.asked if self.asked else 0.0


def prices_of(curves: list[Curve], lags: list[int] | None, *, floor: int, units: int, furthest: int) -> Prices:
    """Prices by lag of `units` units, up to slots that lie `furthest` ahead."""
    row_of = rows_of(lags, furthest + 1) if lags else np.zeros(1, dtype=np.int64)
    sums = np.zeros((len(curves), units + 1), dtype=np.int64)
    for row, curve in zip(sums, curves, strict=True):
        price = np.full(units, floor, dtype=np.int64)
        for level, demanded in sorted(curve):
            price[: max(demanded, 0)] = level
        np.cumsum(price, out=row[1:])
    return Prices(sums, row_of)


def try_out(history: History, prices: Prices, taken: npt.NDArray[np.bool_]) -> Trial:
    """Play `history` through `prices` on a book of its own; what is not `taken` is refused unheard."""
    asked = int(history.value.sum())
    heard = History(*(column[taken] for column in vars(history).values()))
    if not len(heard):
        return Trial(len(history), asked, 0, 0, 0)
    past = heard.from_slot(int(heard.arrival[0]))
    starts = replay(prices.sums, prices.row_of, **vars(past))
    served = starts >= 0
    return Trial(len(history), asked, int(served.sum()), int(past.value[served].sum()), _paid(past, starts, prices))


def _paid(past: History, starts: Int64Array, prices: Prices) -> int:
    """What those served pay together, each on the book that the ones before left."""
    free = np.full(int(past.end.max()), prices.sums.shape[1] - 1, dtype=np.int64)
    furthest, paid = len(prices.row_of) - 1, 0
    for j in np.flatnonzero(starts >= 0).tolist():
        start, end, units = int(starts[j]), int(starts[j] + past.slots[j]), int(past.units[j])
        rows = prices.row_of[np.minimum(np.arange(start, end) - past.arrival[j], furthest)]
        left = free[start:end]
        paid += int((prices.sums[rows, left] - prices.sums[rows, left - units]).sum())
        left -= units
    return paid
