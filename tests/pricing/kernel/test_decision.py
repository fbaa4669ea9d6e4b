"""The kernel gives what the reference gives, to the micro-credit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.kernel import Offer
from pricing.kernel.reference import accepts, cost
from tests.pricing.kernel.markets import (
    EXACT,
    Market,
    Request,
    costs_by_kernel,
    decide_by_kernel,
    decide_by_reference,
    first_by_kernel,
    markets,
    markets_and_requests,
    totals_by_kernel,
    totals_by_reference,
)

# One curve: the unit that leaves q free costs 100 - 10q, at least 10.
FALLING = [(100 - 10 * q, q + 1) for q in range(9)]


def market(*free: int, curves: list | None = None, curve_of: list | None = None, first_slot: int = 100) -> Market:
    return Market(
        curves=curves or [FALLING],
        curve_of=curve_of or [0],
        floor=10,
        max_units=10,
        first_slot=first_slot,
        promised=[10 - units for units in free],
        capacity=[10] * len(free),
    )


@EXACT
@given(markets_and_requests())
def test_a_decision_equals_the_references(case: tuple[Market, Request]) -> None:
    assert decide_by_kernel(*case) == decide_by_reference(*case)


@EXACT
@given(markets_and_requests())
def test_every_total_equals_the_references(case: tuple[Market, Request]) -> None:
    assert totals_by_kernel(*case) == totals_by_reference(*case)


@EXACT
@given(markets_and_requests())
def test_every_slot_cost_equals_the_references(case: tuple[Market, Request]) -> None:
    market, request = case
    slots = market.slots()
    expected = [cost(slots[t], request.units, market.floor) for t in range(request.start, request.end)]
    assert costs_by_kernel(market, request) == [-1 if one is None else one for one in expected]


@EXACT
@given(markets_and_requests(), st.data())
def test_first_at_most_is_the_first_total_within_the_value(case: tuple[Market, Request], data: st.DataObject) -> None:
    market, request = case
    known = totals_by_reference(market, request)
    value = data.draw(st.sampled_from([0, *known, *(total - 1 for total in known)]))
    fitting = [(request.start + k, total) for k, total in enumerate(known) if 0 <= total <= value]
    assert first_by_kernel(market, request, value) == (fitting[0] if fitting else None)


@EXACT
@given(markets_and_requests(), st.data())
def test_first_at_most_gives_the_smallest_deadline_that_would_do(
    case: tuple[Market, Request], data: st.DataObject
) -> None:
    market, request = case
    value = data.draw(st.sampled_from([0, *totals_by_reference(market, request)]))
    offer = first_by_kernel(market, request, max(0, value))
    if offer is not None:
        deadline = offer.start + request.slots
        assert decide_by_reference(market, replace(request, end=deadline)) == offer
        assert not accepts(decide_by_reference(market, replace(request, end=deadline - 1)), max(0, value))


@EXACT
@given(markets(), st.integers(1, 9), st.integers(1, 6))
def test_an_empty_window_has_no_start(market: Market, units: int, slots: int) -> None:
    nowhere = Request(units, slots, start=market.last_slot, end=market.first_slot)
    assert decide_by_kernel(market, nowhere) is None
    assert first_by_kernel(market, nowhere, 10**9) is None
    assert totals_by_kernel(market, nowhere) == []
    assert costs_by_kernel(market, nowhere) == []


@pytest.mark.parametrize("cheap", range(9))
def test_every_start_is_looked_at_both_ends_included(cheap: int) -> None:
    free = [10 if k == cheap else 5 for k in range(9)]
    assert decide_by_kernel(market(*free), Request(1, 1, 100, 109)) == Offer(100 + cheap, 10)


@pytest.mark.parametrize(("end", "expected"), [(104, Offer(102, 20)), (103, Offer(101, 70))])
def test_the_last_start_is_the_deadline_less_the_length(end: int, expected: Offer) -> None:
    assert decide_by_kernel(market(5, 5, 10, 10), Request(1, 2, 100, end)) == expected


def test_the_earliest_of_equals_wins() -> None:
    assert decide_by_kernel(market(1, 7, 7, 1, 7, 7), Request(2, 2, 100, 106)) == Offer(101, 180)


def test_slots_without_room_block_every_start_that_needs_them() -> None:
    blocked = market(10, 2, 10, 10, 2, 4, 4, 4)
    assert totals_by_kernel(blocked, Request(3, 2, 100, 108)) == [-1, -1, 120, -1, -1, 480, 480]
    assert decide_by_kernel(blocked, Request(3, 3, 100, 108)) == Offer(105, 720)


def test_the_whole_capacity_can_be_bought() -> None:
    assert decide_by_kernel(market(10), Request(10, 1, 100, 101)) == Offer(100, 550)


def test_more_than_the_largest_capacity_never_fits() -> None:
    assert decide_by_kernel(market(10), Request(11, 1, 100, 101)) is None
    assert decide_by_kernel(market(10), Request(2**63 - 1, 1, 100, 101)) is None
    assert totals_by_kernel(market(10, 10), Request(11, 1, 100, 102)) == [-1, -1]


def test_the_season_is_counted_from_absolute_slot_0() -> None:
    curves = [[(1000 * (c + 1), 11)] for c in range(3)]
    seasonal = market(1, 1, 1, 1, 1, curves=curves, curve_of=[0, 1, 2], first_slot=301)
    assert costs_by_kernel(seasonal, Request(1, 1, 302, 306)) == [3000, 1000, 2000, 3000]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 11, 12, 13, 500])
@pytest.mark.parametrize("season", [1, 2, 3, 4, 5, 7, 168])
def test_long_windows_agree_with_their_totals(length: int, season: int) -> None:
    rng = np.random.default_rng(length * season)
    curves = [[(int(rng.integers(1, 9)), 11)] for _ in range(season)]
    known = market(*rng.integers(0, 11, 600), curves=curves, curve_of=list(range(season)))
    request = Request(1, min(length, 12), 103, 103 + length)
    totals = totals_by_kernel(known, request)
    feasible = [total for total in totals if total >= 0]
    expected = Offer(103 + totals.index(min(feasible)), min(feasible)) if feasible else None
    assert decide_by_kernel(known, request) == expected
