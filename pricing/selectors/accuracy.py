"""What each version of a forecast said, against what came: the back-test that operators look at."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from era_platform.common import clock
from pricing.forecasting import History
from pricing.forecasting.curves import Curve
from pricing.models import Forecast, Pool
from pricing.selectors.asked import asked_of

DAYS = 7
HOUR = 3_600
AHEAD = (HOUR, 6 * HOUR, 24 * HOUR, 72 * HOUR)
"""Seconds from a forecast to the slots that it is held to."""


class Level(NamedTuple):
    """Units demanded at or above `price` (micro-credits): for each moment what was said, and what came."""

    price: int
    said: list[float]
    came: list[float]


class Served(NamedTuple):
    """Of the value asked for before a version was made, the share that its prices would have served."""

    version: int
    made: int
    share: float


@dataclass(frozen=True)
class Accuracy:
    """`moments` (Unix) are those that were forecast `ahead` seconds before; each stands for the hour from it on."""

    ahead: int
    moments: list[int]
    levels: list[Level]
    served: list[Served]


def aheads(pool: Pool) -> list[int]:
    """How far ahead a pool's forecasts can be looked at: no further than it sells."""
    return [ahead for ahead in AHEAD if 1 <= ahead // pool.slot_seconds <= pool.horizon_slots]


def accuracy(pool: Pool, ahead: int) -> Accuracy:
    """Of the versions fitted in the last days, those whose hour has come."""
    since = clock.now() - timedelta(days=DAYS, seconds=ahead)
    recent = Forecast.objects.filter(pool=pool, created_at__gte=since, lags__isnull=False)
    fitted = [forecast for forecast in recent.order_by("version") if "served" in forecast.findings]
    history = asked_of(pool)
    lag, hour = ahead // pool.slot_seconds, max(1, HOUR // pool.slot_seconds)
    known_from = int(history.arrival[0]) if len(history) else 0
    due = [
        forecast
        for forecast in fitted
        if forecast.made_in is not None and known_from <= forecast.made_in <= pool.slot_now() - lag - hour
    ]
    levels = [Level(price, [], []) for price in _levels(pool)]
    for forecast in due:
        assert forecast.made_in is not None
        units_came = came(history, forecast.made_in, forecast.made_in + lag, hour, [level.price for level in levels])
        curve = forecast.curves[int(np.searchsorted(forecast.lags or [0], lag, side="right")) - 1]
        for level, units in zip(levels, units_came, strict=True):
            level.said.append(float(demanded(curve, level.price)))
            level.came.append(units)
    moments = [((forecast.made_in or 0) + lag) * pool.slot_seconds for forecast in due]
    served = [
        Served(forecast.version, round(forecast.created_at.timestamp()), forecast.findings["served"])
        for forecast in fitted
    ]
    return Accuracy(ahead, moments, levels, served)


def demanded(curve: Curve, price: int) -> int:
    """Units that a curve, dear to cheap, says are demanded at `price` or above."""
    return max((units for step, units in curve if step >= price), default=0)


def _levels(pool: Pool) -> list[int]:
    """A few prices around the list price that can be charged."""
    wanted = (pool.list_price // 2, pool.list_price, 2 * pool.list_price)
    return sorted({min(max(price, pool.floor_price), pool.ceiling_price) for price in wanted})


def came(history: History, made_in: int, start: int, slots: int, prices: list[int]) -> list[float]:
    """Units a slot that were asked for in [start, start + slots), by requests that came from `made_in` on and before
    `start`, each spread evenly over its window: those worth each price or more a unit and slot."""
    new = history.between(made_in, start)
    overlap = np.minimum(new.end, start + slots) - np.maximum(new.start, start)
    units = new.units * new.slots / (new.end - new.start) * np.maximum(overlap, 0) / slots
    return [round(float(units[new.density >= price].sum()), 3) for price in prices]
