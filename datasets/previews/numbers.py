"""How numbers are spread."""

from typing import Any

import numpy as np

BINS = 24


def histogram(values: "np.ndarray[Any, Any]") -> list[int]:
    """How many of the finite `values` lie in each of BINS equal steps from the least to the greatest."""
    if not len(values):
        return []
    low, high = float(values.min()), float(values.max())
    if low == high or not np.isfinite(high - low):
        return [len(values)]
    counts, _edges = np.histogram(values, bins=BINS, range=(low, high))
    return [int(count) for count in counts]
