"""Demand curves by lag: they cover all lags, stand at the right slots, and cost what the kernel's table says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.forecasting import curves
from pricing.kernel import PriceTable, slot_costs
from pricing.prior import step_prices, utilization_prior


@pytest.mark.parametrize("furthest", [1, 2, 10, 8640])
def test_lags_begin_at_zero_and_end_at_the_horizon(furthest: int) -> None:
    edges = curves.lag_edges(furthest)
    assert (edges[0], edges[-1]) == (0, furthest)
    assert edges == sorted(set(edges))
    assert len(edges) == len(curves.lag_middles(edges)) <= curves.MOST_LAGS


def test_each_lag_has_the_last_curve_that_begins_at_or_before_it() -> None:
    assert curves.rows_of([0, 1, 4], 7).tolist() == [0, 1, 1, 1, 2, 2, 2]


@given(made_in=st.integers(0, 50), later=st.integers(0, 20), season=st.integers(1, 40))
def test_a_season_holds_each_slots_curve_by_its_lag(made_in: int, later: int, season: int) -> None:
    lags = [0, 1, 3, 9]
    first = made_in + later
    found = curves.season_of(lags, made_in=made_in, first=first, season=season)
    by_lag = curves.rows_of(lags, later + season)
    assert [found[t % season] for t in range(first, first + season)] == by_lag[later:].tolist()


@given(units=st.integers(1, 100), data=st.data())
def test_prefix_sums_are_what_the_kernel_charges_for_the_same_curve(units: int, data: st.DataObject) -> None:
    count = len(curves.utilization(units))
    prices = np.array(sorted(data.draw(st.lists(st.integers(0, 10**6), min_size=count, max_size=count))))
    steps = [(price, demanded) for price, demanded in curves.as_steps(prices, units)]
    table = PriceTable([steps], [0], floor=0, max_units=units)
    sums = curves.prefix_sums(prices[None, :], units)[0]
    wanted = data.draw(st.integers(1, units))
    none, all_units = np.zeros(1, dtype=np.int64), np.full(1, units, dtype=np.int64)
    cost = slot_costs(table, none, all_units, first_slot=0, units=wanted, start=0, end=1)
    assert cost.tolist() == [sums[units] - sums[units - wanted]]


@pytest.mark.parametrize("units", [1, 2, 31, 32, 33, 1000])
def test_the_prior_is_its_own_step_prices(units: int) -> None:
    prices = {"floor": 10, "listed": 20, "ceiling": 100}
    steps = step_prices(units, **prices)
    assert utilization_prior(units, **prices) == curves.as_steps(steps, units)
    assert (steps[0], steps[-1]) == ((20, 20) if units == 1 else (10, 100))
