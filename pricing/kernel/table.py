"""Turns demand curves into prefix sums of prices, from which any number of units costs two reads."""

from collections.abc import Sequence
from itertools import pairwise
from operator import index

import numpy as np
import numpy.typing as npt

INT64_MAX = 2**63 - 1

Curve = Sequence[tuple[int, int]]
Int64Array = npt.NDArray[np.int64]


def prefix_sums(curves: Sequence[Curve], *, floor: int, max_units: int) -> Int64Array:
    """S of shape (curves, max_units + 1): S[c, n] is the sum of P[c, q] over q < n.

    P[c, q] is the highest price at which curve c's demand exceeds q units, the floor price
    where there is none or a lower one: what the unit costs that leaves q units free.

    Raises ValueError for a curve whose demand grows with the price, or a negative number, and
    OverflowError where the dearest price times `max_units` exceeds int64.
    """
    _check_range("floor price", floor)
    _check_range("max_units", max_units)
    for curve in curves:
        _check_curve(curve)
    highest = max([floor, *(price for curve in curves for price, units in curve if units)])
    if highest * max_units > INT64_MAX:
        raise OverflowError(f"{max_units} units at {highest} micro-credits do not fit into int64")
    sums = np.zeros((len(curves), max_units + 1), dtype=np.int64)
    for row, curve in zip(sums, curves, strict=True):
        np.cumsum(_prices(curve, floor, max_units), out=row[1:])
    return sums


def _prices(curve: Curve, floor: int, max_units: int) -> Int64Array:
    prices = np.full(max_units, floor, dtype=np.int64)
    for price, units in sorted(curve):  # from cheap to dear, so that the dearer stays on top
        if price > floor:
            prices[:units] = price
    return prices


def _check_curve(curve: Curve) -> None:
    for price, units in curve:
        _check_range("price", price)
        _check_range("demand", units)
    steps = sorted(curve)
    for (cheap, many), (dear, few) in pairwise(steps):
        if cheap == dear:
            raise ValueError(f"price {dear} stands twice in one demand curve")
        if few > many:
            raise ValueError(f"demand must not grow with the price: {few} units at {dear}, {many} at {cheap}")


def _check_range(name: str, value: int) -> None:
    if index(value) < 0:  # index refuses 1.5, which int64 would cut to 1
        raise ValueError(f"{name} {value} is negative")
    if value > INT64_MAX:
        raise OverflowError(f"{name} {value} does not fit into int64")
