"""What a policy would do, before it takes effect: prices now and then, and how the last days would have gone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pricing.forecasting import History
from pricing.forecasting.trial import Prices, Trial, prices_of, try_out
from pricing.models import Forecast, Pool
from pricing.selectors.asked import asked_of
from pricing.services import forecasts
from pricing.services.pools import LIMITS, POLICY

DAYS = 7
DAY = 86_400
_AHEAD = (0, 3_600, 6 * 3_600, DAY, 7 * DAY)
"""Seconds; what a pool does not sell so far ahead is left out."""


@dataclass(frozen=True)
class PriceLine:
    """What the first, the middle and the last unit of an empty slot cost, `ahead` seconds before it."""

    ahead: int
    now: tuple[int, ...]
    then: tuple[int, ...]


@dataclass(frozen=True)
class Preview:
    """`outside` is how many of the requests would be of no size that is taken. `changes` is what would change."""

    pool: Pool
    changes: dict[str, tuple[object, object]]
    units: tuple[int, ...]
    lines: list[PriceLine]
    now: Trial
    then: Trial
    outside: int
    waits_for_refit: bool

    @property
    def days(self) -> int:
        return DAYS


def preview(pool: Pool, changed: Pool) -> Preview:
    """`changed` is `pool` with another policy, not saved. Prices are those that saving it would publish."""
    changes = {
        name: (getattr(pool, name), getattr(changed, name))
        for name in POLICY
        if getattr(pool, name) != getattr(changed, name)
    }
    current = Forecast.objects.get(pool=pool, version=pool.forecast_version)
    upcoming = forecasts.for_policy(changed) if set(changes) - set(LIMITS) else current
    history = _last_days(pool)
    furthest = max(int((history.end - history.arrival).max(initial=0)), pool.horizon_slots)
    now, then = (_prices(one, pool, furthest) for one in (current, upcoming))
    units = tuple(sorted({1, (_for_sale(pool) + 1) // 2, _for_sale(pool)}))
    aheads = [seconds for seconds in _AHEAD if seconds // pool.slot_seconds <= pool.horizon_slots]
    taken = _taken(history, changed)
    return Preview(
        pool=changed,
        changes=changes,
        units=units,
        lines=[
            PriceLine(ahead, *(_line(each, units, ahead // pool.slot_seconds) for each in (now, then)))
            for ahead in aheads
        ],
        now=try_out(history, now, _taken(history, pool)),
        then=try_out(history, then, taken),
        outside=int((~taken).sum()),
        waits_for_refit=changed.uses_forecast and bool(changes),
    )


def _for_sale(pool: Pool) -> int:
    return max(1, pool.units - pool.headroom_units)


def _prices(forecast: Forecast, pool: Pool, furthest: int) -> Prices:
    return prices_of(
        forecast.curves, forecast.lags, floor=forecast.floor_price, units=_for_sale(pool), furthest=furthest
    )


def _line(prices: Prices, units: tuple[int, ...], ahead: int) -> tuple[int, ...]:
    return tuple(prices.of_unit(number, ahead) for number in units)


def _last_days(pool: Pool) -> History:
    now = pool.slot_now()
    return asked_of(pool).between(now - DAYS * DAY // pool.slot_seconds, now + 1)


def _taken(history: History, pool: Pool) -> npt.NDArray[np.bool_]:
    limits, all_there_are = pool.limits, np.iinfo(np.int64).max
    taken: npt.NDArray[np.bool_] = (
        (history.units >= limits.min_units)
        & (history.units <= (limits.max_units or all_there_are))
        & (history.slots >= limits.min_slots)
        & (history.slots <= (limits.max_slots or all_there_are))
    )
    return taken
