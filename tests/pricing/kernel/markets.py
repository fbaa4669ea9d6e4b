"""Small random markets, given to the kernel and to the reference alike."""

from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pricing.kernel import Offer, PriceTable, decide, first_at_most, reference, slot_costs, totals

Curve = list[tuple[int, int]]
Int64Array = npt.NDArray[np.int64]

# On a busy machine an example may be slow; what is tested here is the answer.
EXACT = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Market:
    """A forecast, a book that begins at `first_slot`, and the largest capacity."""

    curves: list[Curve]
    curve_of: list[int]
    floor: int
    max_units: int
    first_slot: int
    promised: list[int]
    capacity: list[int]
    layout: Literal["dense", "steps"] = "dense"

    @property
    def last_slot(self) -> int:
        return self.first_slot + len(self.promised)

    def table(self) -> PriceTable:
        return PriceTable(self.curves, self.curve_of, floor=self.floor, max_units=self.max_units, layout=self.layout)

    def book(self) -> tuple[Int64Array, Int64Array]:
        return np.array(self.promised, dtype=np.int64), np.array(self.capacity, dtype=np.int64)

    def slots(self) -> dict[int, reference.Slot]:
        """The same for the reference: every slot with its own curve."""
        return {
            slot: reference.Slot(
                self.capacity[k], self.promised[k], self.curves[self.curve_of[slot % len(self.curve_of)]]
            )
            for k, slot in enumerate(range(self.first_slot, self.last_slot))
        }


@dataclass(frozen=True)
class Request:
    """W units for T slots inside [start, end)."""

    units: int
    slots: int
    start: int
    end: int


def decide_by_kernel(market: Market, request: Request) -> Offer | None:
    return decide(
        market.table(),
        *market.book(),
        first_slot=market.first_slot,
        units=request.units,
        slots=request.slots,
        start=request.start,
        end=request.end,
    )


def first_by_kernel(market: Market, request: Request, value: int) -> Offer | None:
    return first_at_most(
        market.table(),
        *market.book(),
        value,
        first_slot=market.first_slot,
        units=request.units,
        slots=request.slots,
        start=request.start,
        end=request.end,
    )


def totals_by_kernel(market: Market, request: Request) -> list[int]:
    answer: list[int] = totals(
        market.table(),
        *market.book(),
        first_slot=market.first_slot,
        units=request.units,
        slots=request.slots,
        start=request.start,
        end=request.end,
    ).tolist()
    return answer


def costs_by_kernel(market: Market, request: Request) -> list[int]:
    answer: list[int] = slot_costs(
        market.table(),
        *market.book(),
        first_slot=market.first_slot,
        units=request.units,
        start=request.start,
        end=request.end,
    ).tolist()
    return answer


def decide_by_reference(market: Market, request: Request) -> Offer | None:
    return reference.decide(market.slots(), market.floor, request.units, request.slots, request.start, request.end)


def totals_by_reference(market: Market, request: Request) -> list[int]:
    answer = reference.totals(market.slots(), market.floor, request.units, request.slots, request.start, request.end)
    return [-1 if total is None else total for total in answer.values()]


@st.composite
def curves(draw: st.DrawFn, max_units: int, max_price: int) -> Curve:
    """Demand that does not grow with the price, in any order of steps."""
    prices = draw(st.lists(st.integers(0, max_price), min_size=draw(st.integers(0, 2)), max_size=4, unique=True))
    units = draw(st.lists(st.integers(0, max_units + 3), min_size=len(prices), max_size=len(prices)))
    return draw(st.permutations(list(zip(sorted(prices), sorted(units, reverse=True), strict=True))))


@st.composite
def markets(draw: st.DrawFn) -> Market:
    max_units = draw(st.integers(3, 8) | st.integers(0, 8))
    # Few prices make many ties; some are as large as int64 lets 8 units in 24 slots be.
    max_price = draw(st.sampled_from([2, 10, 10**6, (2**63 - 1) // (8 * 24)]))
    known = draw(st.lists(curves(max_units, max_price), min_size=1, max_size=4))
    length = draw(st.integers(8, 24) | st.integers(0, 24))
    # Most slots have room. In some an operator took capacity away, so that too much is promised.
    wanted = st.integers(0, max_units // 3) | st.integers(0, max_units)
    there = st.just(max_units) | st.integers(max_units // 2, max_units) | st.integers(0, max_units)
    return Market(
        curves=known,
        curve_of=draw(st.lists(st.integers(0, len(known) - 1), min_size=1, max_size=7)),
        floor=draw(st.just(0) | st.integers(0, max_price)),
        max_units=max_units,
        first_slot=draw(st.integers(0, 10**7)),
        promised=draw(st.lists(wanted, min_size=length, max_size=length)),
        capacity=draw(st.lists(there, min_size=length, max_size=length)),
        layout=draw(st.sampled_from(["dense", "steps"])),
    )


@st.composite
def requests(draw: st.DrawFn, market: Market) -> Request:
    """Most are small and have the whole book as their window; some want all, or the whole window."""
    inside = st.integers(market.first_slot, market.last_slot)
    anywhere = st.tuples(inside, inside).map(lambda ends: (min(ends), max(ends)))
    start, end = draw(st.just((market.first_slot, market.last_slot)) | anywhere)
    return Request(
        units=draw(st.integers(1, 2) | st.integers(1, 9) | st.just(max(1, market.max_units))),
        slots=draw(st.integers(1, 3) | st.integers(1, 6) | st.just(max(1, end - start))),
        start=start,
        end=end,
    )


def busy_market(seed: int) -> tuple[Market, Request]:
    """A month in small: every slot has another price, and a few have no room."""
    rng = Random(seed)
    curves = [
        list(zip(sorted(rng.sample(range(1, 99), 5)), sorted(rng.choices(range(12), k=5), reverse=True), strict=True))
        for _ in range(4)
    ]
    length, first_slot = rng.randint(8, 40), rng.randint(0, 10**7)
    market = Market(
        curves=curves,
        curve_of=rng.choices(range(4), k=rng.randint(1, 9)),
        floor=rng.randint(0, 20),
        max_units=8,
        first_slot=first_slot,
        promised=rng.choices([0, 1, 2, 3, 4, 8], [9, 9, 9, 9, 9, 1], k=length),
        capacity=rng.choices([8, 7, 6, 0], [20, 9, 9, 1], k=length),
        layout=rng.choice(["dense", "steps"]),
    )
    start = first_slot + rng.randint(0, 4)
    return market, Request(rng.randint(1, 3), rng.randint(1, 5), start, market.last_slot - rng.randint(0, 3))


@st.composite
def markets_and_requests(draw: st.DrawFn) -> tuple[Market, Request]:
    """Half are drawn part by part, which finds odd cases; half from a seed, which fills the usual ones."""
    if draw(st.booleans()):
        return busy_market(draw(st.integers(0, 2**32)))
    market = draw(markets())
    return market, draw(requests(market))
