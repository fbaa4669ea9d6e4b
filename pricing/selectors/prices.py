"""The price and the free units of each slot of a pool."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from era_platform.common import clock
from pricing.book import Int64Array
from pricing.kernel import slot_costs
from pricing.models import Pool
from pricing.selectors import books, tables


@dataclass(frozen=True)
class SlotPrices:
    """Per slot from `first_slot` on: free units, capacity, and what `units` units cost, -1 where they don't fit."""

    pool: Pool
    units: int
    first_slot: int
    free: Int64Array
    capacity: Int64Array
    costs: Int64Array

    def moment(self, index: int) -> datetime:
        return clock.slot_start(self.first_slot + index, self.pool.slot_seconds)


def slot_prices(pool: Pool, *, units: int, since: datetime | None = None, until: datetime | None = None) -> SlotPrices:
    """Prices from the next slot on, up to the horizon, or the part of it between `since` and `until`."""
    first = clock.slot_at(clock.now(), pool.slot_seconds) + 1
    horizon = first + pool.horizon_slots
    start = max(first, clock.slot_at(since, pool.slot_seconds)) if since else first
    end = min(horizon, clock.slot_at_or_after(until, pool.slot_seconds)) if until else horizon
    start, end = min(start, horizon), max(end, min(start, horizon))
    with books.current(pool, first, horizon) as book:
        part = slice(start - book.first_slot, end - book.first_slot)
        capacity, promised = book.capacity[part].copy(), book.promised[part].copy()
        most = max(int(book.capacity.max(initial=0)), 1)
        if units > most or start == end:
            costs = np.full(end - start, -1, dtype=np.int64)
        else:
            table = tables.table(pool.pk, pool.forecast_version, most)
            costs = slot_costs(
                table, book.promised, book.capacity, first_slot=book.first_slot, units=units, start=start, end=end
            )
    free = np.maximum(capacity - promised, 0)  # more may be promised than is left after a loss
    return SlotPrices(pool, units, start, free, capacity, costs)


@dataclass(frozen=True)
class NextSlot:
    """What one unit costs in the next slot (micro-credits, None where none is free), and how many are free."""

    price: int | None
    free: int
    capacity: int


def next_slot(pool: Pool) -> NextSlot:
    prices = slot_prices(pool, units=1, until=clock.now() + timedelta(seconds=2 * pool.slot_seconds))
    if not len(prices.free):
        return NextSlot(None, 0, 0)
    price = int(prices.costs[0])
    return NextSlot(None if price < 0 else price, int(prices.free[0]), int(prices.capacity[0]))
