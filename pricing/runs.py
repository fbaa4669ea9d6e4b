"""Rows of numbers, told by where they change: a horizon has thousands of slots, and neighbours are mostly alike."""

import numpy as np

from era_platform.common.money import MICRO
from pricing.book import Int64Array

Runs = list[tuple[int, float | None]]


def runs(values: Int64Array) -> list[tuple[int, int]]:
    """(index, value) wherever the value differs from the one before."""
    if not len(values):
        return []
    at = np.concatenate(([0], np.flatnonzero(np.diff(values)) + 1))
    return list(zip(at.tolist(), values[at].tolist(), strict=True))


def credit_runs(values: Int64Array) -> Runs:
    """The same of micro-credits, told in credits to draw with; None for -1."""
    return [(index, None if value < 0 else value / MICRO) for index, value in runs(values)]
