"""The book of one pool in memory: what is promised and available in each slot, as of one entry's number."""

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.kernel.book import change

Int64Array = npt.NDArray[np.int64]

MANY = 16  # from so many entries on it is faster to sum them up first than to add each to its slots


class Change(NamedTuple):
    """One book entry, as the book needs it. Units and capacity are signed changes."""

    number: int
    start_slot: int
    end_slot: int
    units: int
    capacity: int


class Steps(NamedTuple):
    """A book of any length, as what changes from each of `slots` on: signed units, of one length each."""

    slots: Int64Array
    promised: Int64Array
    capacity: Int64Array

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> "Steps":
        """The steps (slot, change of promised, change of capacity), in any order, added up for each slot."""
        return cls(*np.array(list(rows), dtype=np.int64).reshape(-1, 3).T).summed()

    @classmethod
    def from_bytes(cls, packed: bytes | memoryview) -> "Steps":
        gaps, promised, capacity = np.frombuffer(zlib.decompress(packed), dtype="<i8").reshape(3, -1)
        return cls(np.cumsum(gaps), promised, capacity)

    def to_bytes(self) -> bytes:
        """As gaps between slots rather than slots, which are nearly all alike and take next to no room."""
        rows = np.stack([np.diff(self.slots, prepend=0), self.promised, self.capacity])
        return zlib.compress(rows.astype("<i8").tobytes())

    def plus(self, other: "Steps") -> "Steps":
        return Steps(*map(np.concatenate, zip(self, other, strict=True))).summed()

    def since(self, first_slot: int) -> "Steps":
        """The same book without its slots before `first_slot`."""
        return self._replace(slots=np.maximum(self.slots, first_slot)).summed()

    def summed(self) -> "Steps":
        """The only way to write this book: slots in order, each once, none without a change."""
        slots, place = np.unique(self.slots, return_inverse=True)
        promised, capacity = (_sum_at(place, changes, len(slots)) for changes in self[1:])
        kept = (promised != 0) | (capacity != 0)
        return Steps(slots[kept], promised[kept], capacity[kept])

    def equals(self, other: "Steps") -> bool:
        return all(map(np.array_equal, self.summed(), other.summed()))

    def minus(self, other: "Steps") -> "Steps":
        return self.plus(Steps(other.slots, -other.promised, -other.capacity))

    def free(self, start_slot: int) -> tuple[Int64Array, Int64Array]:
        """Slots, the first one `start_slot`, and the free units from each on until the next one; may be below 0."""
        steps = self.since(start_slot)
        slots, free = steps.slots, np.cumsum(steps.capacity - steps.promised)
        if slots.size and slots[0] == start_slot:
            return slots, free
        return np.append(start_slot, slots), np.append(0, free)

    def levels(self, changes: Int64Array, start_slot: int, end_slot: int) -> Int64Array:
        """What `changes`, one of these steps' own rows, come to in each slot of [start, end)."""
        place = np.clip(self.slots, start_slot, end_slot) - start_slot
        return np.cumsum(_sum_at(place, changes, end_slot - start_slot + 1))[:-1]

    def first_short(self, start_slot: int, end_slot: int, units: int) -> int | None:
        """The first slot of [start, end) that has fewer than `units` free, None if each has them."""
        slots, free = self.free(start_slot)
        short = slots[(free < units) & (slots < end_slot)]
        return int(short[0]) if short.size else None


class Book:
    """`promised` and `capacity` are int64 arrays of units; element 0 is slot `first_slot`.

    Entries are sums, so those that ended before `first_slot` can be left out. `supply` is the sum of
    changes of capacity; where more was taken away than there was it is below 0, and `capacity` is 0.
    """

    def __init__(self, first_slot: int, slots: int) -> None:
        self.first_slot = first_slot
        self.end_slot = first_slot + slots
        self.number = 0
        self.promised: Int64Array = np.zeros(slots, dtype=np.int64)
        self.supply: Int64Array = np.zeros(slots, dtype=np.int64)
        self.capacity: Int64Array = np.zeros(slots, dtype=np.int64)

    def load(self, entries: Iterable[Change], number: int) -> None:
        """Become the sum of `entries`, which are all up to `number` that reach into these slots."""
        rows = np.array(list(entries), dtype=np.int64).reshape(-1, len(Change._fields))
        self.promised, self.supply = np.zeros_like(self.promised), np.zeros_like(self.supply)
        self._add(rows)
        self.number = number

    def load_steps(self, steps: Steps, number: int) -> None:
        """Become what `steps`, the sum of all entries up to `number`, say of these slots."""
        self.promised = steps.levels(steps.promised, self.first_slot, self.end_slot)
        self._supply(steps.levels(steps.capacity, self.first_slot, self.end_slot))
        self.number = number

    def apply(self, entry: Change) -> None:
        """Take the next entry. Raises ValueError if one before it is missing."""
        if entry.number != self.number + 1:
            raise ValueError(f"entry {entry.number} does not follow {self.number}")
        start = max(entry.start_slot, self.first_slot) - self.first_slot
        end = min(entry.end_slot, self.end_slot) - self.first_slot
        if start < end:
            change(self.promised, first_slot=0, delta=entry.units, start=start, end=end)
            if entry.capacity:
                supply = self.supply.copy()
                supply[start:end] += entry.capacity
                self._supply(supply)
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
            self._add(
                np.array(list(map(tuple, rows)), dtype=np.int64)
            )  # of named tuples it would take ten times as long
            self.number = rows[-1].number

    def copy(self) -> "Book":
        """Another book that stands where this one does; what is added to one does not reach the other."""
        other = Book(self.first_slot, 0)
        other.__dict__ |= self.__dict__
        other.promised = self.promised.copy()  # the other two are never written into, but made anew
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
        units, capacity = rows[:, 3], rows[:, 4]
        promised = self.promised + _sum_of_spans(start, end, units, len(self.promised))
        if promised.min(initial=0) < 0:
            slot = int(promised.argmin())
            raise ValueError(f"slot {self.first_slot + slot} would fall to {promised[slot]} units")
        self.promised = promised
        self._supply(self.supply + _sum_of_spans(start, end, capacity, len(self.supply)))

    def _supply(self, supply: Int64Array) -> None:
        self.supply = supply
        self.capacity = np.maximum(supply, 0) if supply.min(initial=0) < 0 else supply


def _sum_of_spans(start: Int64Array, end: Int64Array, height: Int64Array, slots: int) -> Int64Array:
    """Per slot, the heights of the spans [start, end) that it lies in."""
    return np.cumsum(_sum_at(start, height, slots + 1) - _sum_at(end, height, slots + 1))[:-1]


def _sum_at(place: Int64Array, values: Int64Array, length: int) -> Int64Array:
    """Per place, the sum of its values."""
    sums = np.zeros(length, dtype=np.int64)
    np.add.at(sums, place, values)
    return sums
