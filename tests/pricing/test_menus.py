"""The menu of a quote equals its literal definition, whatever the prices are."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.domain import MenuKind
from pricing.menus import menu

EARLIEST, KNEE, CHEAPEST = MenuKind.EARLIEST, MenuKind.KNEE, MenuKind.CHEAPEST
TOTALS = st.lists(st.integers(-1, 12) | st.integers(-1, 2**63 - 1), max_size=30)


def menu_of(totals: list[int]) -> dict[MenuKind, tuple[int, int]]:
    """Start and price by kind, the first start being slot 100."""
    entries = menu(np.array(totals, dtype=np.int64), first_start=100, slots=3)
    assert all(entry.offer.end_slot == entry.offer.start_slot + 3 for entry in entries)
    return {entry.kind: (entry.offer.start_slot, entry.offer.total) for entry in entries}


def literally(totals: list[int]) -> dict[MenuKind, tuple[int, int]]:
    points = [(100 + place, total) for place, total in enumerate(totals) if total >= 0]
    if not points:
        return {}
    earliest, cheapest = points[0], min(points, key=lambda point: (point[1], point[0]))
    found = {EARLIEST: earliest, CHEAPEST: cheapest}
    if earliest == cheapest:
        return found
    slope = Fraction(cheapest[1] - earliest[1], cheapest[0] - earliest[0])

    def below_chord(point: tuple[int, int]) -> Fraction:
        return earliest[1] + slope * (point[0] - earliest[0]) - point[1]

    between = [point for point in points if all(point[1] < other[1] for other in points if other[0] < point[0])]
    knee = max(between, key=below_chord)
    return found | ({KNEE: knee} if below_chord(knee) > 0 else {})


@given(TOTALS)
def test_it_is_what_its_definition_says(totals: list[int]) -> None:
    assert menu_of(totals) == literally(totals)


@given(TOTALS)
def test_its_entries_come_by_their_start_and_the_later_the_cheaper(totals: list[int]) -> None:
    entries = list(menu_of(totals).values())
    assert entries == sorted(entries, key=lambda entry: (entry[0], -entry[1]))


def test_prices_that_fall_and_then_hardly_fall_have_their_knee_where_they_stop() -> None:
    assert menu_of([100, 80, 40, 39, 38, 37]) == {EARLIEST: (100, 100), KNEE: (102, 40), CHEAPEST: (105, 37)}


def test_prices_that_fall_evenly_have_no_knee() -> None:
    assert menu_of([50, 40, 30, 20]) == {EARLIEST: (100, 50), CHEAPEST: (103, 20)}


def test_where_waiting_saves_nothing_the_earliest_is_the_cheapest() -> None:
    assert menu_of([-1, 7, 7, 9]) == {EARLIEST: (101, 7), CHEAPEST: (101, 7)}


@pytest.mark.parametrize("totals", [[], [-1, -1]])
def test_where_nothing_fits_there_is_nothing_to_choose(totals: list[int]) -> None:
    assert menu_of(totals) == {}
