"""Small random markets, given to the kernel and to the reference alike."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from pricing.kernel import Offer, PriceTable, decide, first_at_most, reference, slot_costs, totals

Curve = list[tuple[int, int]]
Int64Array = npt.NDArray[np.int64]


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

    @property
    def last_slot(self) -> int:
        return self.first_slot + len(self.promised)

    def table(self) -> PriceTable:
        return PriceTable(self.curves, self.curve_of, floor=self.floor, max_units=self.max_units)

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
    prices = draw(st.lists(st.integers(0, max_price), max_size=4, unique=True))
    units = draw(st.lists(st.integers(0, max_units + 3), min_size=len(prices), max_size=len(prices)))
    return draw(st.permutations(list(zip(sorted(prices), sorted(units, reverse=True), strict=True))))


@st.composite
def markets(draw: st.DrawFn) -> Market:
    max_units = draw(st.integers(0, 8))
    # Few prices make many ties; some are as large as int64 lets 8 units in 24 slots be.
    max_price = draw(st.sampled_from([2, 10, 10**6, (2**63 - 1) // (8 * 24)]))
    known = draw(st.lists(curves(max_units, max_price), min_size=1, max_size=4))
    length = draw(st.integers(0, 24))
    book = st.lists(st.integers(0, max_units), min_size=length, max_size=length)
    busy = draw(st.booleans())
    return Market(
        curves=known,
        curve_of=draw(st.lists(st.integers(0, len(known) - 1), min_size=1, max_size=7)),
        floor=draw(st.integers(0, max_price)),
        max_units=max_units,
        first_slot=draw(st.integers(0, 10**7)),
        # Where an operator took capacity away, more is promised than there is.
        promised=draw(book) if busy else [0] * length,
        capacity=draw(book),
    )


@st.composite
def requests(draw: st.DrawFn, market: Market) -> Request:
    inside = st.integers(market.first_slot, market.last_slot)
    start, end = sorted([draw(inside), draw(inside)])
    return Request(
        units=draw(st.sampled_from([1, max(1, market.max_units), draw(st.integers(1, 9))])),
        slots=draw(st.sampled_from([1, max(1, end - start), draw(st.integers(1, 6))])),
        start=start,
        end=end,
    )


@st.composite
def markets_and_requests(draw: st.DrawFn) -> tuple[Market, Request]:
    market = draw(markets())
    return market, draw(requests(market))
