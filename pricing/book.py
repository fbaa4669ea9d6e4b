"""The book of one pool in memory: what is promised and available in each slot, as of one entry's number."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.kernel.book import change

Int64Array = npt.NDArray[np.int64]


class Change(NamedTuple):
    """One book entry, as the book needs it. Units and capacity are signed changes."""

    number: int
    start_slot: int
    end_slot: int
    units: int
    capacity: int


class Book:
    """`promised` and `capacity` are int64 arrays of units; element 0 is slot `first_slot`.

    Entries are sums, so those that ended before `first_slot` can be left out.
    """

    def __init__(self, first_slot: int, slots: int) -> None:
        self.first_slot = first_slot
        self.end_slot = first_slot + slots
        self.number = 0
        self.promised: Int64Array = np.zeros(slots, dtype=np.int64)
        self.capacity: Int64Array = np.zeros(slots, dtype=np.int64)

    def load(self, entries: Iterable[Change], number: int) -> None:
        """Become the sum of `entries`, which are all up to `number` that reach into these slots."""
        promised = np.zeros(len(self.promised) + 1, dtype=np.int64)
        capacity = np.zeros_like(promised)
        for entry in entries:
            start, end = self._clip(entry)
            if start < end:
                promised[start] += entry.units
                promised[end] -= entry.units
                capacity[start] += entry.capacity
                capacity[end] -= entry.capacity
        self.promised = np.cumsum(promised)[:-1]
        self.capacity = np.cumsum(capacity)[:-1]
        self.number = number

    def apply(self, entry: Change) -> None:
        """Take the next entry. Raises ValueError if one before it is missing."""
        if entry.number != self.number + 1:
            raise ValueError(f"entry {entry.number} does not follow {self.number}")
        start, end = self._clip(entry)
        if start < end:
            change(self.promised, first_slot=0, delta=entry.units, start=start, end=end)
            change(self.capacity, first_slot=0, delta=entry.capacity, start=start, end=end)
        self.number = entry.number

    def covers(self, start_slot: int, end_slot: int) -> bool:
        return self.first_slot <= start_slot and end_slot <= self.end_slot

    def capacity_at_most(self, start_slot: int, end_slot: int) -> int:
        """The most units that any slot of [start, end) has."""
        part = self.capacity[start_slot - self.first_slot : end_slot - self.first_slot]
        return int(part.max(initial=0))

    def _clip(self, entry: Change) -> tuple[int, int]:
        return (
            max(entry.start_slot, self.first_slot) - self.first_slot,
            min(entry.end_slot, self.end_slot) - self.first_slot,
        )
