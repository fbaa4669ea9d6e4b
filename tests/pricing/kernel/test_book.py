"""Changes to a book's arrays happen whole or not at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.kernel import apply, change, release
from tests.pricing.kernel.markets import EXACT

MAX = 2**63 - 1


def levels(*units: int) -> np.ndarray:
    return np.array(units, dtype=np.int64)


def test_what_is_applied_is_promised_in_its_slots_only() -> None:
    promised = levels(0, 1, 2, 3)
    apply(promised, levels(9, 9, 9, 9), first_slot=50, units=4, start=51, end=53)
    assert promised.tolist() == [0, 5, 6, 3]


def test_nothing_is_promised_where_one_slot_lacks_room() -> None:
    promised = levels(0, 1, 6, 3)
    with pytest.raises(ValueError, match="slot 52 has 3 units free, not 4"):
        apply(promised, levels(9, 9, 9, 9), first_slot=50, units=4, start=50, end=54)
    assert promised.tolist() == [0, 1, 6, 3]


def test_the_last_unit_can_be_promised() -> None:
    promised = levels(5)
    apply(promised, levels(9), first_slot=0, units=4, start=0, end=1)
    assert promised.tolist() == [9]


def test_more_than_is_promised_cannot_be_released() -> None:
    promised = levels(4, 3, 4)
    with pytest.raises(ValueError, match="slot 8 would fall to -1 units"):
        release(promised, first_slot=7, units=4, start=7, end=10)
    assert promised.tolist() == [4, 3, 4]


@EXACT
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4)), max_size=20))
def test_releasing_everything_leaves_the_book_as_it_was(bookings: list[tuple[int, int, int]]) -> None:
    promised, capacity = levels(*[0] * 10), levels(*[10] * 10)
    done = []
    for start, end, units in bookings:
        try:
            apply(promised, capacity, first_slot=0, units=units, start=start, end=max(start, end))
        except ValueError:
            continue
        done.append((start, max(start, end), units))
    assert promised.max() <= 10
    assert promised.sum() == sum((end - start) * units for start, end, units in done)
    for start, end, units in done:
        release(promised, first_slot=0, units=units, start=start, end=end)
    assert not promised.any()


def test_capacity_may_fall_below_what_is_promised_but_not_below_zero() -> None:
    capacity = levels(5, 5)
    change(capacity, first_slot=0, delta=-5, start=0, end=2)
    with pytest.raises(ValueError, match="slot 0 would fall to -1 units"):
        change(capacity, first_slot=0, delta=-1, start=0, end=2)


def test_levels_beyond_int64_are_refused() -> None:
    full = levels(1, MAX)
    with pytest.raises(OverflowError, match=f"slot 1 would rise to {2**63} units"):
        change(full, first_slot=0, delta=1, start=0, end=2)
    assert full.tolist() == [1, MAX]


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (0, 3), (2, 1)])
def test_a_range_lies_in_the_book(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="do not lie in"):
        change(levels(0, 0), first_slot=0, delta=1, start=start, end=end)


@pytest.mark.parametrize("units", [0, -1])
def test_a_booking_is_of_some_units(units: int) -> None:
    with pytest.raises(ValueError, match="units must be at least 1"):
        apply(levels(0), levels(1), first_slot=0, units=units, start=0, end=1)
    with pytest.raises(ValueError, match="units must be at least 1"):
        release(levels(0), first_slot=0, units=units, start=0, end=1)


def test_more_units_than_int64_holds_are_never_free() -> None:
    with pytest.raises(ValueError, match="has 1 units free"):
        apply(levels(0), levels(1), first_slot=0, units=2**64, start=0, end=1)


def test_arrays_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="int32"):
        change(np.zeros(1, dtype=np.int32), first_slot=0, delta=1, start=0, end=1)
