"""What a pool has in each slot and where the rest of it is: nominal, maintenance, head-room, lost."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import F, Sum
from django.db.models.functions import Greatest

from era_platform.common import clock
from pricing.book import Steps
from pricing.models import BookEntry, Pool
from pricing.selectors import books

Cause = BookEntry.Cause


@dataclass(frozen=True)
class CapacityRun:
    """The same in each slot of [start, end): `nominal - maintenance - headroom - lost` is for sale, if not below 0.

    `promised` is the most that is promised in one of the slots, `short` by how much that exceeds what
    is there at most: units of reservations that have no machine, until lost ones are back.
    """

    start: datetime
    end: datetime
    nominal: int
    maintenance: int
    headroom: int
    lost: int
    for_sale: int
    promised: int
    short: int


def capacity_ahead(pool: Pool) -> list[CapacityRun]:
    """From the running slot to the horizon, as runs of slots that have the same."""
    first = pool.slot_now()
    end = first + 1 + pool.horizon_slots
    book = books.as_of(pool, pool.book_number, first, end)
    levels = {cause: steps.levels(steps.capacity, first, end) for cause, steps in steps_by_cause(pool, first).items()}
    changes = np.flatnonzero(np.any([np.diff(level) != 0 for level in levels.values()], axis=0)) + 1
    starts = [0, *changes.tolist()]
    most = np.maximum.reduceat(book.promised, starts)
    return [
        _run(pool, first, (begins, ends), {cause: int(level[begins]) for cause, level in levels.items()}, int(promised))
        for begins, ends, promised in zip(starts, [*starts[1:], end - first], most, strict=True)
    ]


def steps_by_cause(pool: Pool, start_slot: int) -> dict[BookEntry.Cause, Steps]:
    """The changes of each part of the capacity from `start_slot` on, signed: all but the nominal one take away."""
    entries = BookEntry.objects.filter(pool=pool, kind=BookEntry.Kind.CAPACITY, end_slot__gt=start_slot)
    rows: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for sign, slot in ((1, Greatest(F("start_slot"), start_slot)), (-1, F("end_slot"))):
        for cause, at, change in entries.values_list("cause", slot).annotate(Sum("capacity")):
            rows[cause].append((at, 0, sign * int(change)))
    return {cause: Steps.of(rows[cause]) for cause in Cause}


def _run(
    pool: Pool, first: int, slots: tuple[int, int], level: dict[BookEntry.Cause, int], promised: int
) -> CapacityRun:
    begins, ends = (clock.slot_start(first + slot, pool.slot_seconds) for slot in slots)
    there = level[Cause.NOMINAL] + level[Cause.MAINTENANCE] + level[Cause.LOST]
    return CapacityRun(
        start=begins,
        end=ends,
        nominal=level[Cause.NOMINAL],
        maintenance=-level[Cause.MAINTENANCE],
        headroom=-level[Cause.HEADROOM],
        lost=-level[Cause.LOST],
        for_sale=max(0, there + level[Cause.HEADROOM]),
        promised=promised,
        short=max(0, promised - max(0, there)),
    )
