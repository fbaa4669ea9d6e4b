"""What would do instead of what was asked: longest run and most units equal their literal definitions."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pricing.kernel import Offer, PriceTable, decide, longest, most_units
from tests.pricing.kernel.markets import (
    EXACT,
    Market,
    Request,
    busy_market,
    decide_by_reference,
    markets_and_requests,
)

Found = tuple[int, Offer] | None
VALUES = st.integers(0, 60) | st.integers(0, 2**63 - 1)


def longest_by_kernel(market: Market, request: Request, value: int) -> Found:
    return longest(market.table(), *market.book(), value, first_slot=market.first_slot, **request.__dict__)


def most_units_by_kernel(market: Market, request: Request, value: int) -> Found:
    return most_units(market.table(), *market.book(), value, first_slot=market.first_slot, **request.__dict__)


def longest_literally(market: Market, request: Request, value: int) -> Found:
    """Try every length, the longest first."""
    for slots in range(min(request.slots, request.end - request.start), 0, -1):
        tried = Request(request.units, slots, request.start, request.end)
        offer = decide_by_reference(market, tried)
        if offer and offer.total <= value:
            return slots, offer
    return None


def most_units_literally(market: Market, request: Request, value: int) -> Found:
    for units in range(request.units, 0, -1):
        offer = decide_by_reference(market, Request(units, request.slots, request.start, request.end))
        if offer and offer.total <= value:
            return units, offer
    return None


@EXACT
@given(markets_and_requests(), VALUES)
def test_the_longest_run_is_the_longest_that_any_try_finds(asked: tuple[Market, Request], value: int) -> None:
    assert longest_by_kernel(*asked, value) == longest_literally(*asked, value)


@EXACT
@given(markets_and_requests(), VALUES)
def test_the_most_units_are_the_most_that_any_try_finds(asked: tuple[Market, Request], value: int) -> None:
    assert most_units_by_kernel(*asked, value) == most_units_literally(*asked, value)


@EXACT
@given(st.integers(0, 2**32), st.integers(2, 8), st.integers(1, 5), st.floats(0, 1))
@example(0, 8, 1, 0.5)
def test_they_are_exact_where_the_price_is_what_stands_in_the_way(
    seed: int, units: int, slots: int, share: float
) -> None:
    market, request = busy_market(seed)
    request = Request(units, slots, request.start, request.end)
    offer = decide_by_reference(market, request)
    assume(offer is not None)
    assert offer
    value = int(offer.total * share)
    assert most_units_by_kernel(market, request, value) == most_units_literally(market, request, value)
    assert longest_by_kernel(market, request, value) == longest_literally(market, request, value)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("slots", [1, 7, 120])
def test_over_many_blocks_of_starts_they_are_what_halving_finds(seed: int, slots: int) -> None:
    rng = np.random.default_rng(seed)
    pool, horizon, first = 500, 2_000, 12_345
    curves = [
        [(price, int(pool * wave * (9 - price) / 8)) for price in range(1, 9)] for wave in rng.uniform(0.2, 1.5, 24)
    ]
    table = PriceTable(curves, np.repeat(np.arange(24), 5), floor=1, max_units=pool)
    walk = np.clip(pool // 2 + np.cumsum(rng.integers(-20, 21, horizon)), 0, pool)
    promised = (np.sort(walk)[::-1] if seed % 2 else walk).astype(np.int64)  # sorted: it gets cheaper all the way
    capacity = np.full(horizon, pool, dtype=np.int64)
    value = int(rng.integers(1, 4 * pool * slots))

    def cheapest(units: int, slots: int) -> Offer | None:
        window = {"first_slot": first, "units": units, "slots": slots, "start": first, "end": first + horizon}
        return decide(table, promised, capacity, **window)

    def does(units: int, slots: int) -> bool:
        offer = cheapest(units, slots)
        return offer is not None and offer.total <= value

    asked = {"first_slot": first, "start": first, "end": first + horizon}
    fewer = most_units(table, promised, capacity, value, units=pool, slots=slots, **asked)
    most = max((units for units in range(1, pool + 1) if does(units, slots)), default=0)
    assert fewer == ((most, cheapest(most, slots)) if most else None)
    shorter = longest(table, promised, capacity, value, units=pool // 3, slots=slots, **asked)
    length = max((length for length in range(1, slots + 1) if does(pool // 3, length)), default=0)
    assert shorter == ((length, cheapest(pool // 3, length)) if length else None)


@pytest.mark.parametrize("find", [longest, most_units])
def test_they_refuse_what_a_decision_refuses(find) -> None:  # type: ignore[no-untyped-def]
    table = PriceTable([[(5, 1)]], [0], floor=1, max_units=2)
    promised, capacity = np.zeros(4, dtype=np.int64), np.full(4, 2, dtype=np.int64)

    def ask(value: int = 9, **changed: object) -> object:
        given = {"first_slot": 0, "units": 1, "slots": 1, "start": 0, "end": 4} | changed
        return find(table, promised, capacity, value, **given)

    with pytest.raises(ValueError, match="units must be at least 1, not 0"):
        ask(units=0)
    with pytest.raises(ValueError, match="slots must be at least 1, not 0"):
        ask(slots=0)
    with pytest.raises(ValueError, match=r"\[0, 5\) does not lie in \[0, 4\)"):
        ask(end=5)
    with pytest.raises(OverflowError, match=r"value .* does not fit into int64"):
        ask(value=2**63)
    assert ask(value=-1) is None
    capacity[2] = 3
    with pytest.raises(ValueError, match="slot 2 has 3 units free, the table knows 2"):
        ask()
    capacity[2] = -1
    with pytest.raises(ValueError, match="slot 2 has a capacity of -1 units"):
        ask()
