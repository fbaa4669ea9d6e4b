"""Fits a forecast: plays the recent past through each shape's prices and takes the one that served it best.

Requests count by how recent they are, so that drift is followed; each by the value it would have had
served, refused ones too. The best shapes are then played again through pasts in which the values change
places, so that one large job, which has one value there and another here, decides nothing alone.
Method and the others that were tried: docs/decisions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pricing.forecasting.curves import Forecast, as_steps, lag_edges, prefix_sums, rows_of
from pricing.forecasting.history import FloatArray, History, Int64Array
from pricing.forecasting.shapes import Shape, family, within
from pricing.kernel import replay

HALF_LIFE = 4 * 86_400
"""Seconds after which a request counts half."""
LIVES = 6  # of these; what came before counts less than a sixtieth
MOST_REQUESTS = 20_000
FINALISTS, PASTS = 40, 8
HAND_OVER = 50.0
"""So many requests (the recent ones, as they count) weigh as much as the prior."""


@dataclass(frozen=True)
class Fit:
    """A forecast, and what it was chosen for. `requests` is how many it has learnt from, `weight` how far it
    has left the prior (0 to 1), `served` the part of the value asked for that its prices would have served."""

    forecast: Forecast
    shape: Shape | None
    requests: int
    weight: float
    served: float


def fit(
    history: History,
    *,
    units: int,
    now: int,
    slot_seconds: int,
    horizon_slots: int,
    prior: FloatArray,
    floor: int = 0,
    ceiling: int | None = None,
) -> Fit:
    """The forecast for a pool of `units` in slot `now`, from the requests that came until then.

    `prior` is the price of each step without any history (cheap to dear, `curves.utilization`), micro-credits.
    """
    half_life = HALF_LIFE / slot_seconds
    recent = history.between(int(now - LIVES * half_life), now + 1)[-MOST_REQUESTS:]
    weights = 0.5 ** ((now - recent.arrival) / half_life)
    lags = lag_edges(horizon_slots)
    trust = float(weights.sum() / (weights.sum() + HAND_OVER))
    shape, served = None, 0.0
    prices = np.tile(np.maximum(prior, 1.0), (len(lags), 1))
    if len(recent):
        shape, served = _best(recent, weights, units, lags, slot_seconds, floor, ceiling)
        prices = prices ** (1 - trust) * np.maximum(shape.prices(units, lags, slot_seconds), 1.0) ** trust
    whole = within(prices, floor, ceiling)
    return Fit(Forecast(lags, [as_steps(row, units) for row in whole]), shape, len(recent), trust, served)


def _best(
    recent: History,
    weights: FloatArray,
    units: int,
    lags: list[int],
    slot_seconds: int,
    floor: int,
    ceiling: int | None,
) -> tuple[Shape, float]:
    first = int(recent.arrival[0])
    pasts = [recent.from_slot(first)]
    row_of = rows_of(lags, int((pasts[0].end - pasts[0].arrival).max(initial=0)) + 1)
    shapes = family(float(np.median(recent.density)))

    def served(shape: Shape, past: History) -> float:
        sums = prefix_sums(within(shape.prices(units, lags, slot_seconds), floor, ceiling), units)
        return _served(past, weights, sums, row_of)

    scores = np.array([served(shape, pasts[0]) for shape in shapes])
    finalists = np.argsort(-scores, kind="stable")[:FINALISTS]
    pasts += [pasts[0].shuffled(seed) for seed in range(1, PASTS)]
    final = [scores[k] + sum(served(shapes[k], past) for past in pasts[1:]) for k in finalists]
    best = int(finalists[int(np.argmax(final))])
    asked = float((weights * recent.value).sum())
    return shapes[best], float(scores[best]) / asked if asked else 0.0


def _served(past: History, weights: FloatArray, sums: Int64Array, row_of: npt.NDArray[np.int64]) -> float:
    starts = replay(
        sums,
        row_of,
        arrival=past.arrival,
        units=past.units,
        slots=past.slots,
        start=past.start,
        end=past.end,
        value=past.value,
    )
    return float((weights * past.value)[starts >= 0].sum())
