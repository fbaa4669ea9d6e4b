"""The specification itself, by examples that a person can check on paper."""

import pytest

from pricing.kernel import Offer
from pricing.kernel.reference import Slot, accepts, cost, decide, demand, price, totals

# 2 units are wanted at 50 or more, 5 at 20 or more.
CURVE = [(50, 2), (20, 5)]
FLOOR = 10


@pytest.mark.parametrize(("at", "units"), [(51, 0), (50, 2), (21, 2), (20, 5), (1, 5)])
def test_demand_is_what_is_wanted_at_a_price_or_above(at: int, units: int) -> None:
    assert demand(CURVE, at) == units


@pytest.mark.parametrize(("i", "expected"), [(1, 10), (2, 20), (3, 20), (4, 20), (5, 50), (6, 50), (7, None)])
def test_each_unit_costs_what_the_buyer_it_displaces_would_pay(i: int, expected: int | None) -> None:
    assert price(Slot(capacity=6, promised=0, curve=CURVE), i, FLOOR) == expected


def test_promised_units_make_the_next_dearer() -> None:
    assert price(Slot(capacity=6, promised=4, curve=CURVE), 1, FLOOR) == 50


def test_no_price_is_below_the_floor() -> None:
    assert price(Slot(capacity=6, promised=4, curve=CURVE), 1, floor=60) == 60


def test_a_slot_costs_the_sum_of_its_units_prices() -> None:
    slot = Slot(capacity=6, promised=0, curve=CURVE)
    assert cost(slot, 5, FLOOR) == 10 + 20 + 20 + 20 + 50
    assert cost(slot, 7, FLOOR) is None


def book(*free: int) -> dict[int, Slot]:
    return {100 + k: Slot(capacity=units, promised=0, curve=CURVE) for k, units in enumerate(free)}


def test_both_ends_of_the_window_count() -> None:
    assert list(totals(book(6, 6, 6, 6), FLOOR, 1, 2, 100, 104)) == [100, 101, 102]
    assert decide(book(6, 1, 1, 1), FLOOR, 1, 1, 100, 104) == Offer(100, 10)
    assert decide(book(1, 1, 1, 6), FLOOR, 1, 1, 100, 104) == Offer(103, 10)


def test_the_earliest_of_equals_wins() -> None:
    assert decide(book(1, 6, 1, 6), FLOOR, 1, 1, 100, 104) == Offer(101, 10)


def test_a_slot_without_room_blocks_every_start_that_needs_it() -> None:
    assert decide(book(6, 6, 0, 3, 3), FLOOR, 1, 2, 100, 105) == Offer(100, 20)
    assert decide(book(6, 0, 6), FLOOR, 1, 2, 100, 103) is None


def test_a_window_shorter_than_the_request_has_no_start() -> None:
    assert decide(book(6, 6), FLOOR, 1, 3, 100, 102) is None


def test_a_request_is_accepted_from_its_total_on() -> None:
    assert accepts(Offer(100, 20), 20)
    assert not accepts(Offer(100, 20), 19)
    assert not accepts(None, 10**18)
