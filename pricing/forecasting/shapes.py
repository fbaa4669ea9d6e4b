"""The family of demand curves that back-tests choose from.

Prices rise with the part of the slot that is sold, as in posted prices by utilization (arXiv 1704.05511),
and fall as the slot comes near, for less and less demand can still arrive for it.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.forecasting.curves import Int64Array, lag_middles, utilization

# In multiples of the median value density; prices an empty slot may begin with.
SCALES = (0.03, 0.06, 0.12, 0.2, 0.3, 0.45, 0.65, 0.9, 1.2, 1.6, 2.2)
RATIOS = (1.6, 2.5, 4.0, 8.0, 16.0)
EXPONENTS = (0.7, 1.5, 3.0)
# How much cheaper a slot about to begin is, and within how many seconds that wears off.
FADES = ((0.0, 86_400), (0.9, 3 * 3_600), (0.7, 6 * 3_600), (0.7, 86_400))


class Shape(NamedTuple):
    """price(sold, lag) = scale · ratio^(sold^exponent) · (1 - discount · e^(-lag / fade)), 0 ≤ sold ≤ 1.

    `scale` is micro-credits, `fade` seconds.
    """

    scale: float
    ratio: float
    exponent: float
    discount: float
    fade: float

    def prices(self, units: int, lags: list[int], slot_seconds: int) -> npt.NDArray[np.float64]:
        """Micro-credits per unit and slot, of shape (lags, steps), cheap to dear."""
        sold = self.scale * self.ratio ** (utilization(units) ** self.exponent)
        near = 1 - self.discount * np.exp(-lag_middles(lags) * slot_seconds / self.fade)
        return np.outer(near, sold)


def family(median: float) -> list[Shape]:
    """All shapes, for values whose median density is `median` micro-credits per unit and slot."""
    flat = product(SCALES, [1.0], [1.0], FADES)
    rising = product(SCALES, RATIOS, EXPONENTS, FADES)
    return [Shape(scale * median, ratio, exponent, *fade) for scale, ratio, exponent, fade in (*flat, *rising)]


def within(prices: npt.NDArray[np.float64], floor: int, ceiling: int | None) -> Int64Array:
    """Whole micro-credits, not below the floor nor above the ceiling."""
    top = np.float64(2**52) if ceiling is None else ceiling
    return np.rint(np.clip(prices, floor, top)).astype(np.int64)
