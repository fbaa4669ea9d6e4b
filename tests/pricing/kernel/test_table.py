"""Price tables: what a curve becomes, what is refused, and how much memory it takes."""

import numpy as np
import pytest

from pricing.kernel import PriceTable

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


def test_a_week_of_hours_for_10000_units_and_30_days_take_less_than_32_mib() -> None:
    curves = [[(100 * k, 10_000 - k) for k in range(10)]] * 168
    table = PriceTable(curves, np.repeat(np.arange(168), 12), floor=1, max_units=10_000)
    book = 2 * np.zeros(8_640, dtype=np.int64).nbytes
    assert table.nbytes + book < 32 * 2**20
