"""Price tables: what a curve becomes, what is refused, and how much memory it takes."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.kernel import PriceTable, slot_costs
from tests.pricing.kernel.markets import curves

MAX = 2**63 - 1


def prices(curve: list[tuple[int, int]], *, floor: int = 1, max_units: int = 5) -> list[int]:
    table = PriceTable([curve], [0], floor=floor, max_units=max_units)
    return [int(price) for price in np.diff(table.sums[0])]


def test_a_unit_costs_the_highest_price_whose_demand_exceeds_what_it_leaves_free() -> None:
    assert prices([(50, 2), (20, 4)]) == [50, 50, 20, 20, 1]


def test_the_order_of_steps_does_not_matter() -> None:
    assert prices([(20, 4), (50, 2)]) == prices([(50, 2), (20, 4)])


def test_steps_below_the_floor_do_not_count() -> None:
    assert prices([(50, 2), (20, 4)], floor=30) == [50, 50, 30, 30, 30]


def test_a_curve_without_demand_is_all_floor() -> None:
    assert prices([]) == [1] * 5
    assert prices([(50, 0)]) == [1] * 5


def test_demand_beyond_the_capacity_is_cut() -> None:
    assert prices([(50, MAX)]) == [50] * 5


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        ([(10, 1), (20, 2)], "must not grow with the price: 2 units at 20, 1 at 10"),
        ([(10, 1), (10, 2)], "price 10 stands twice"),
        ([(-1, 1)], "price -1 is negative"),
        ([(10, -2)], "demand -2 is negative"),
    ],
)
def test_curves_that_make_no_sense_are_refused(curve: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prices(curve)


@pytest.mark.parametrize("curve_of", [[], [1], [-1], [[0]]])
def test_every_season_slot_has_a_curve(curve_of: list) -> None:
    with pytest.raises(ValueError, match=r"season|not one of the 1 curves"):
        PriceTable([[]], curve_of, floor=1, max_units=5)


def test_fractions_are_not_cut() -> None:
    with pytest.raises(TypeError):
        PriceTable([[(1.5, 1)]], [0], floor=1, max_units=5)  # type: ignore[list-item]
    with pytest.raises(TypeError):
        PriceTable([[(2, 1)]], [0.5], floor=1, max_units=5)  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("price", "floor", "max_units"),
    [(2**63, 1, 1), (1, 2**63, 1), (MAX // 5 + 1, 1, 5), (1, MAX // 5 + 1, 5), (10**30, 1, 0)],
)
def test_prices_beyond_int64_are_refused_by_name(price: int, floor: int, max_units: int) -> None:
    with pytest.raises(OverflowError, match=str(max(price, floor))):
        PriceTable([[(price, 5)]], [0], floor=floor, max_units=max_units)


def test_the_largest_prices_that_fit_are_exact() -> None:
    table = PriceTable([[(MAX // 5, 5)]], [0], floor=1, max_units=5)
    assert table.sums[0, -1] == MAX // 5 * 5
    assert table.highest == MAX // 5


def test_a_table_says_what_it_was_made_of_and_cannot_be_changed() -> None:
    table = PriceTable([[(9, 2)], [(4, 1)]], [0, 1, 1], floor=2, max_units=3)
    assert (table.floor, table.highest, table.max_units, table.season) == (2, 9, 3, 3)
    assert table.curve_of.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        table.sums[0, 0] = 1
    with pytest.raises(AttributeError):
        table.floor = 1  # type: ignore[misc]


@given(curves(max_units=200, max_price=(2**63 - 1) // 200), st.integers(0, 10), st.integers(0, 200))
def test_steps_say_what_dense_rows_say(curve: list[tuple[int, int]], floor: int, max_units: int) -> None:
    dense, steps = (
        PriceTable([curve], [0], floor=floor, max_units=max_units, layout=layout) for layout in ("dense", "steps")
    )
    assert (dense.layout, steps.layout) == ("dense", "steps")
    assert dense.sums.tolist() == steps.sums.tolist()
    assert dense.highest == steps.highest


@pytest.mark.parametrize("prices", [1, 2, 60, 300, 1000])
def test_any_number_of_units_costs_the_same_in_steps_as_in_dense_rows(prices: int) -> None:
    rng = np.random.default_rng(prices)
    units = np.sort(rng.integers(0, 1000, prices))[::-1]  # often several within one entry of the index
    curve = [(10**15 + 7 * k, int(wanted)) for k, wanted in enumerate(units)]
    promised, capacity = np.arange(1001)[::-1].astype(np.int64), np.full(1001, 1000, dtype=np.int64)
    for wanted in (1, 2, 63, 64, 65, 999, 1000):
        costs = [
            slot_costs(
                PriceTable([curve], [0], floor=3, max_units=1000, layout=layout),
                *(promised, capacity),
                first_slot=0,
                units=wanted,
                start=0,
                end=1001,
            ).tolist()
            for layout in ("dense", "steps")
        ]
        assert costs[0] == costs[1]
        assert sum(cost >= 0 for cost in costs[0]) == 1001 - wanted


def test_equal_curves_are_stored_once() -> None:
    one, many = (PriceTable([[(9, 500)]] * count, [0], floor=1, max_units=1000, layout="dense") for count in (1, 100))
    assert many.nbytes - one.nbytes < 1000
    assert many.sums.shape == (100, 1001)


BOOK = 2 * 8 * 8_640


def test_a_week_of_hours_for_10000_units_and_30_days_take_less_than_32_mib() -> None:
    curves = [[(100 * k, 10_000 - k - hour) for k in range(10)] for hour in range(168)]
    table = PriceTable(curves, np.repeat(np.arange(168), 12), floor=1, max_units=10_000)
    assert table.layout == "dense"
    assert table.nbytes + BOOK < 14 * 2**20


def test_a_curve_for_each_slot_of_a_week_takes_a_few_mib() -> None:
    curves = [[(100 * k, 10_000 - 150 * k - slot) for k in range(50)] for slot in range(2_016)]
    tracemalloc.start()
    table = PriceTable(curves, np.arange(2_016), floor=1, max_units=10_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.layout == "steps"
    assert table.nbytes + BOOK < 5 * 2**20
    assert most < 32 * 2**20, "while it is compiled"


def test_a_large_pool_takes_no_more_than_its_prices() -> None:
    curves = [[(100 * k, 10**9 - 10**7 * k - hour) for k in range(50)] for hour in range(24)]
    assert PriceTable(curves, np.arange(24), floor=1, max_units=10**9).nbytes < 2**20
