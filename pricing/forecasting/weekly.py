"""The naive forecast of Basic-Econ: every week like those before, each request spread over its whole window.

What `fit` is measured against; under-prices the quiet hours and follows no drift (arXiv 1702.07311).
"""

import numpy as np

from pricing.forecasting.curves import MOST_STEPS, Curve, Int64Array
from pricing.forecasting.history import History

WEEK, HOUR = 7 * 86_400, 3_600


def weekly(history: History, *, slot_seconds: int) -> tuple[list[Curve], Int64Array]:
    """Demand curves, and the curve of slot t at [t % season]; a season is a week."""
    season = WEEK // slot_seconds
    part_of = (np.arange(season) * slot_seconds // HOUR).astype(np.int64)
    if not len(history):
        return [[]], np.zeros(season, dtype=np.int64)
    prices = np.unique(np.rint(np.quantile(history.density, np.linspace(0, 1, MOST_STEPS))).astype(np.int64))
    level = np.searchsorted(prices, history.density, side="right") - 1
    began, ended = int(history.arrival[0]), int(history.arrival[-1]) + 1
    wanted = np.zeros((int(part_of[-1]) + 1, len(prices)))
    for k in np.flatnonzero(history.end > history.start):
        window = part_of[np.arange(history.start[k], min(history.end[k], ended)) % season]
        rate = history.units[k] * history.slots[k] / (history.end[k] - history.start[k])
        wanted[:, max(level[k], 0)] += rate * np.bincount(window, minlength=len(wanted))
    seen = np.bincount(part_of[np.arange(began, ended) % season], minlength=len(wanted))
    expected = np.cumsum(wanted[:, ::-1], axis=1)[:, ::-1] / np.maximum(seen, 1)[:, None]
    demanded = np.ceil(expected).astype(np.int64)
    return [list(map(list, zip(prices.tolist(), row, strict=True)))[::-1] for row in demanded.tolist()], part_of
