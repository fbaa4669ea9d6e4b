"""A forecast as numbers: demand curves by lag, and how they come to stand in a table of prices."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]
Curve = list[list[int]]

MOST_STEPS = 32
MOST_LAGS = 16


@dataclass(frozen=True)
class Forecast:
    """`curves[k]` holds for slots that begin `lags[k]` or more slots after the forecast was made (and fewer
    than `lags[k + 1]`). A curve is steps [price in micro-credits, units demanded at or above it], dear to cheap."""

    lags: list[int]
    curves: list[Curve]


def lag_edges(furthest: int) -> list[int]:
    """The first lag of each curve: 0, then ever longer steps up to `furthest` slots ahead."""
    return [0, *np.unique(np.rint(np.geomspace(1, max(furthest, 1), MOST_LAGS - 1)).astype(np.int64)).tolist()]


def lag_middles(edges: list[int]) -> npt.NDArray[np.float64]:
    """A lag that stands for each of them: the geometric middle, the edge itself for the last."""
    inner = [float(np.sqrt(low * high)) for low, high in pairwise(edges[1:])]
    return np.array([0.0, *inner, float(edges[-1])])[: len(edges)]


def rows_of(lags: list[int], count: int) -> Int64Array:
    """The curve of each lag from 0 to count - 1: int64 of shape (count,)."""
    return np.searchsorted(lags, np.arange(count), side="right").astype(np.int64) - 1


def season_of(lags: list[int], *, made_in: int, first: int, season: int) -> Int64Array:
    """The curve of absolute slot t at [t % season], for t in [first, first + season): int64 of shape (season,)."""
    slots = np.arange(first, first + season)
    curves = np.searchsorted(lags, np.maximum(slots - made_in, 0), side="right") - 1
    answer = np.empty(season, dtype=np.int64)
    answer[slots % season] = curves
    return answer


def demanded_units(units: int) -> Int64Array:
    """How many units each of a curve's steps, from cheap to dear, says are demanded in a pool of `units`."""
    count = min(units, MOST_STEPS)
    return -(-units * np.arange(count, 0, -1) // count)


def utilization(units: int) -> npt.NDArray[np.float64]:
    """The part of the pool that is sold where each step's price begins to hold, 0 to 1; 0.5 for a single unit."""
    count = min(units, MOST_STEPS)
    return np.linspace(0, 1, count) if count > 1 else np.array([0.5])


def as_steps(prices: Int64Array, units: int) -> Curve:
    """A demand curve from the price of each step, cheap to dear; equal prices become one step."""
    steps: dict[int, int] = {}
    for price, demanded in zip(prices.tolist(), demanded_units(units).tolist(), strict=True):
        steps[price] = max(steps.get(price, 0), demanded)
    return [[price, demanded] for price, demanded in sorted(steps.items(), reverse=True)]


def prefix_sums(prices: Int64Array, units: int) -> Int64Array:
    """What the first n free units cost: int64 of shape (curves, units + 1) for prices of shape (curves, steps)."""
    # The unit that leaves q free has the price of the dearest step that is demanded by more than q.
    step = np.searchsorted(-demanded_units(units), -np.arange(units), side="left") - 1
    sums = np.zeros((len(prices), units + 1), dtype=np.int64)
    np.cumsum(prices[:, step], axis=1, out=sums[:, 1:])
    return sums
