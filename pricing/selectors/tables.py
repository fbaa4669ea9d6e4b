"""Compiles each version of a forecast once per process into the kernel's table of prices."""

import threading
from collections import OrderedDict
from functools import lru_cache

import numpy as np

from pricing.kernel import PriceTable
from pricing.models import Forecast

_KEPT = 16  # tables in memory per process

_tables: OrderedDict[tuple[int, int, int], PriceTable] = OrderedDict()
_lock = threading.Lock()


def table(pool_id: int, version: int, units: int) -> PriceTable:
    """The compiled forecast of this version, for slots of up to `units` units."""
    key = (pool_id, version, units)
    with _lock:
        found = _tables.get(key)
        if found is None:
            found = _tables[key] = compile_table(Forecast.objects.get(pool=pool_id, version=version), units)
            while len(_tables) > _KEPT:
                _tables.popitem(last=False)
        _tables.move_to_end(key)
        return found


@lru_cache(maxsize=1024)
def row_id(pool_id: int, version: int) -> int:
    """The primary key of a forecast; a version, once made, is never changed."""
    return Forecast.objects.values_list("pk", flat=True).get(pool=pool_id, version=version)


def compile_table(forecast: Forecast, units: int) -> PriceTable:
    curves = [[(price, demanded) for price, demanded in curve] for curve in forecast.curves]
    curve_of = np.repeat(np.asarray(forecast.curve_of, dtype=np.int64), forecast.curve_slots)
    return PriceTable(curves, curve_of, floor=forecast.floor_price, max_units=units)
