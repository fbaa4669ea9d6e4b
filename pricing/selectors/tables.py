"""Compiles each version of a forecast once per process into the kernel's table of prices."""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from functools import lru_cache

import numpy as np

from pricing.book import Int64Array
from pricing.forecasting import season_of
from pricing.kernel import PriceTable
from pricing.models import Forecast

_KEPT = 16  # tables in memory per process
_HORIZONS = 4  # how many of them a forecast by lag serves: it is made anew each hour, three of these were missed then
_KEPT_OF_A_POOL = 2  # of them: a new version, and the one that is still being asked for

Key = tuple[int, int, int]  # pool, version, units

_tables: "OrderedDict[Key, Future[PriceTable]]" = OrderedDict()
_lock = threading.Lock()  # held for the look-up only, never while a table is compiled


def table(pool_id: int, version: int, units: int) -> PriceTable:
    """The compiled forecast of this version, for slots of up to `units` units.

    Whoever asks first compiles it; others who ask for the same one wait, and nobody else does.
    """
    key = (pool_id, version, units)
    with _lock:
        known = _tables.get(key)
        if known is not None:
            _tables.move_to_end(key)
        else:
            promise: Future[PriceTable] = Future()
            _tables[key] = promise
            _forget_the_oldest(pool_id)
    return known.result() if known is not None else _compile(key, promise)


def _compile(key: Key, promise: "Future[PriceTable]") -> PriceTable:
    pool_id, version, units = key
    try:
        made = compile_table(Forecast.objects.get(pool=pool_id, version=version), units)
    except BaseException as error:
        with _lock:
            if _tables.get(key) is promise:
                del _tables[key]  # so that the next one tries again
        promise.set_exception(error)
        raise
    promise.set_result(made)
    return made


def _forget_the_oldest(pool_id: int) -> None:
    """Keeps a process small; whoever holds a forgotten table, or waits for it, still gets its answer."""
    of_pool = [key for key in _tables if key[0] == pool_id]
    for key in of_pool[:-_KEPT_OF_A_POOL]:
        del _tables[key]
    while len(_tables) > _KEPT:
        _tables.popitem(last=False)


@lru_cache(maxsize=1024)
def row_id(pool_id: int, version: int) -> int:
    """The primary key of a forecast; a version, once made, is never changed."""
    return Forecast.objects.values_list("pk", flat=True).get(pool=pool_id, version=version)


@lru_cache(maxsize=1024)
def version_of(forecast_id: int) -> int:
    """The version of the forecast with this primary key."""
    return Forecast.objects.values_list("version", flat=True).get(pk=forecast_id)


def compile_table(forecast: Forecast, units: int) -> PriceTable:
    curves = [[(price, demanded) for price, demanded in curve] for curve in forecast.curves]
    return PriceTable(curves, curve_of(forecast), floor=forecast.floor_price, max_units=units)


def curve_of(forecast: Forecast) -> Int64Array:
    """Which of its curves each slot of a season has: slot t that of element t % length."""
    if forecast.lags is None or forecast.made_in is None:
        return np.repeat(np.asarray(forecast.curve_of, dtype=np.int64), forecast.curve_slots)
    season = _HORIZONS * forecast.pool.horizon_slots
    return season_of(forecast.lags, made_in=forecast.made_in, first=forecast.made_in, season=season)
