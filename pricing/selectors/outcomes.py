"""What forecasts said of a day beforehand, and what came: one pair of numbers to keep."""

from bisect import bisect_right
from datetime import datetime
from typing import NamedTuple

import numpy as np

from era_platform.common import clock
from pricing.forecasting import History
from pricing.models import Forecast, Pool
from pricing.selectors.accuracy import HOUR, aheads, came, demanded

DAY, STALE = 24 * HOUR, 6 * HOUR
"""Seconds of a day, which is also how far ahead is looked at most; and how much older than that a version may be."""


class Outcome(NamedTuple):
    """Unit-hours asked for at `price` a unit and slot, or more: as was `said` so many seconds `ahead` of each hour, and
    as `came` from then until the hour began. Only of those `hours` of the day of which something was said."""

    ahead: int
    price: int
    said: float
    came: float
    hours: int


def ahead_of(pool: Pool) -> int | None:
    """How far ahead a day's forecasts are held to; None where a pool sells less than an hour ahead."""
    return max((ahead for ahead in aheads(pool) if ahead <= DAY), default=None)


def outcome(pool: Pool, ahead: int, begin: datetime, history: History) -> Outcome:
    """Of the day from `begin` on; what came by requests in `history`."""
    seconds, price = pool.slot_seconds, pool.list_price
    lag, hour, first = ahead // seconds, max(1, HOUR // seconds), clock.slot_at(begin, seconds)
    known_from = int(history.arrival[0]) if len(history) else first
    versions = _versions(pool, max(known_from, first - lag - STALE // seconds), first + DAY // seconds - lag)
    made_in = [version.made_in or 0 for version in versions]
    said = found = 0.0
    hours = 0
    for start in range(first, first + max(1, DAY // seconds), hour):
        place = bisect_right(made_in, start - lag) - 1
        if place < 0 or start - lag - made_in[place] > STALE // seconds:
            continue
        version, since = versions[place], made_in[place]
        curve = version.curves[int(np.searchsorted(version.lags or [0], start - since, side="right")) - 1]
        hours += 1
        said += demanded(curve, price) * hour * seconds / HOUR
        found += came(history, since, start, hour, [price])[0] * hour * seconds / HOUR
    return Outcome(ahead, price, said, found, hours)


def _versions(pool: Pool, since: int, until: int) -> list[Forecast]:
    """Those made from requests in [since, until), in that order."""
    found = Forecast.objects.filter(pool=pool, lags__isnull=False, made_in__gte=since, made_in__lt=until)
    return list(found.order_by("made_in", "version").only("made_in", "lags", "curves"))
