from collections.abc import Sequence
from typing import Literal, Self, final

import numpy as np
import numpy.typing as npt

from pricing.kernel.offer import Decisions, Offer, Request

RELEASE_FROM: int

@final
class PriceTable:
    def __new__(
        cls,
        curves: Sequence[Sequence[tuple[int, int]]],
        curve_of: Sequence[int] | npt.NDArray[np.integer],
        *,
        floor: int,
        max_units: int,
        layout: Literal["dense", "steps"] | None = None,
    ) -> Self: ...
    @property
    def sums(self) -> npt.NDArray[np.int64]: ...
    @property
    def curve_of(self) -> npt.NDArray[np.int64]: ...
    @property
    def floor(self) -> int: ...
    @property
    def highest(self) -> int: ...
    @property
    def max_units(self) -> int: ...
    @property
    def season(self) -> int: ...
    @property
    def layout(self) -> Literal["dense", "steps"]: ...
    @property
    def nbytes(self) -> int: ...

def decide(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    *,
    first_slot: int,
    units: int,
    slots: int,
    start: int,
    end: int,
) -> Offer | None: ...
def first_at_most(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    value: int,
    *,
    first_slot: int,
    units: int,
    slots: int,
    start: int,
    end: int,
) -> Offer | None: ...
def totals(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    *,
    first_slot: int,
    units: int,
    slots: int,
    start: int,
    end: int,
) -> npt.NDArray[np.int64]: ...
def slot_costs(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    *,
    first_slot: int,
    units: int,
    start: int,
    end: int,
) -> npt.NDArray[np.int64]: ...
def decide_all(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    requests: Sequence[Request] | npt.NDArray[np.int64],
    *,
    first_slot: int,
    horizon: int | None = None,
) -> Decisions: ...
def longest(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    value: int,
    *,
    first_slot: int,
    units: int,
    slots: int,
    start: int,
    end: int,
) -> tuple[int, Offer] | None: ...
def most_units(
    table: PriceTable,
    promised: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
    value: int,
    *,
    first_slot: int,
    units: int,
    slots: int,
    start: int,
    end: int,
    near: int | None = None,
) -> tuple[int, Offer] | None: ...
