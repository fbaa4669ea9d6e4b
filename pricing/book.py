"""The book of one pool in memory: what is promised and available in each slot, as of one entry's number."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.kernel.book import change

Int64Array = npt.NDArray[np.int64]

MANY = 32  # from so many entries on it is faster to sum them up first than to add each to its slots


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

    def apply_all(self, entries: Iterable[Sequence[int]]) -> None:
        """Take the next entries, in order. Raises ValueError if one is missing, and then takes none of them."""
        rows = [Change._make(entry) for entry in entries]
        for expected, row in enumerate(rows, self.number + 1):
            if row.number != expected:
                raise ValueError(f"entry {row.number} does not follow {expected - 1}")
        if len(rows) < MANY:
            for row in rows:
                self.apply(row)
        else:
            self._add(np.array(rows, dtype=np.int64))
            self.number = rows[-1].number

    def copy(self) -> "Book":
        """Another book that stands where this one does; what is added to one does not reach the other."""
        other = Book(self.first_slot, 0)
        other.__dict__ |= self.__dict__
        other.promised, other.capacity = self.promised.copy(), self.capacity.copy()
        return other

    def covers(self, start_slot: int, end_slot: int) -> bool:
        return self.first_slot <= start_slot and end_slot <= self.end_slot

    def capacity_at_most(self, start_slot: int, end_slot: int) -> int:
        """The most units that any slot of [start, end) has."""
        part = self.capacity[start_slot - self.first_slot : end_slot - self.first_slot]
        return int(part.max(initial=0))

    def _add(self, rows: Int64Array) -> None:
        """Add entries, of shape (n, 5), to the slots that they reach into."""
        start, end = np.clip(rows[:, 1:3], self.first_slot, self.end_slot).T - self.first_slot
        self.promised = self.promised + _sum_of_spans(start, end, rows[:, 3], len(self.promised))
        self.capacity = self.capacity + _sum_of_spans(start, end, rows[:, 4], len(self.capacity))

    def _clip(self, entry: Change) -> tuple[int, int]:
        return (
            max(entry.start_slot, self.first_slot) - self.first_slot,
            min(entry.end_slot, self.end_slot) - self.first_slot,
        )


def _sum_of_spans(start: Int64Array, end: Int64Array, height: Int64Array, slots: int) -> Int64Array:
    """Per slot, the heights of the spans [start, end) that it lies in."""
    steps = np.zeros(slots + 1, dtype=np.int64)
    np.add.at(steps, start, height)
    np.subtract.at(steps, end, height)
    return np.cumsum(steps)[:-1]
