"""The forecast of a pool that has no history: a price that rises as the slot fills up."""

import numpy as np

from pricing.forecasting.curves import MOST_STEPS, Curve, Int64Array, as_steps


def utilization_prior(units: int, *, floor: int, listed: int, ceiling: int) -> Curve:
    """A demand curve under which the first of `units` costs `floor`, the last `ceiling`, one halfway
    `listed`, and straight between; as steps [price, units demanded at or above it]. A single unit costs `listed`.

    A posted price by utilization needs no forecast and has worst-case ratios (arXiv 1704.05511).
    """
    return as_steps(step_prices(units, floor=floor, listed=listed, ceiling=ceiling), units)


def step_prices(units: int, *, floor: int, listed: int, ceiling: int) -> Int64Array:
    """The same as the price of each step, cheap to dear: int64 of shape (steps,)."""
    last = min(units, MOST_STEPS) - 1
    return np.array([_between(k, last, floor=floor, listed=listed, ceiling=ceiling) for k in range(last + 1)])


def _between(k: int, last: int, *, floor: int, listed: int, ceiling: int) -> int:
    """The price of step k of 0..last, rounded down."""
    if last == 0:
        return listed
    if 2 * k <= last:
        return floor + (listed - floor) * 2 * k // last
    return listed + (ceiling - listed) * (2 * k - last) // last
