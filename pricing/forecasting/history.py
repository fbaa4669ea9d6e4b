"""The requests that a pool has seen, accepted or refused, as columns of numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

BLOCK = 150
"""Values change places with those of about so many neighbours (see `History.shuffled`)."""


@dataclass(frozen=True)
class History:
    """One row a request, in order of arrival; int64 of shape (requests,) each.

    `arrival` is the slot that was running; `units` for `slots` slots in [start, end); `value` is
    micro-credits. Slots are absolute.
    """

    arrival: Int64Array
    units: Int64Array
    slots: Int64Array
    start: Int64Array
    end: Int64Array
    value: Int64Array

    def __post_init__(self) -> None:
        if len({len(getattr(self, each.name)) for each in fields(self)}) > 1:
            raise ValueError("the columns of a history must be equally long")
        if (np.diff(self.arrival) < 0).any():
            raise ValueError("a history must be in order of arrival")

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int, int, int, int]]) -> Self:
        """From rows of (arrival, units, slots, start, end, value)."""
        table = np.array(list(rows), dtype=np.int64).reshape(-1, 6)
        return cls(*table[np.argsort(table[:, 0], kind="stable")].T.copy())

    def __len__(self) -> int:
        return len(self.arrival)

    @property
    def density(self) -> FloatArray:
        """What a unit for a slot is worth to each, in micro-credits."""
        return self.value / (self.units * self.slots)

    def __getitem__(self, rows: slice) -> Self:
        return type(self)(*(getattr(self, each.name)[rows] for each in fields(self)))

    def between(self, since: int, until: int) -> Self:
        """Those that arrived in [since, until)."""
        first, last = np.searchsorted(self.arrival, [since, until])
        return self[int(first) : int(last)]

    def from_slot(self, first: int) -> Self:
        """The same, counted from slot `first`."""
        return type(self)(
            self.arrival - first, self.units, self.slots, self.start - first, self.end - first, self.value
        )

    def shuffled(self, seed: int) -> Self:
        """The same requests, had other buyers of those days made them: value densities change places
        with those of neighbours. What is good in all of these pasts is less likely to be good by chance."""
        jitter = np.random.default_rng(seed).uniform(-BLOCK / 2, BLOCK / 2, len(self))
        density = self.density[np.argsort(np.arange(len(self)) + jitter, kind="stable")]
        value = np.rint(density * self.units * self.slots).astype(np.int64)
        return type(self)(self.arrival, self.units, self.slots, self.start, self.end, value)
