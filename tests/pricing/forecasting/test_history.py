"""The past: in order of arrival, cut by time, and with values that can change places."""

import numpy as np
import pytest

from pricing.forecasting import History


def a_history(count: int = 40) -> History:
    return History.of((k, 1 + k % 3, 1 + k % 5, k + 1, k + 20, 1_000_000 * (k + 1)) for k in range(count))


def test_rows_come_in_order_of_arrival() -> None:
    history = History.of([(5, 1, 1, 6, 9, 10), (2, 2, 1, 3, 9, 20)])
    assert (history.arrival.tolist(), history.units.tolist()) == ([2, 5], [2, 1])


def test_no_rows_are_an_empty_history() -> None:
    assert len(History.of([])) == 0
    assert len(History.of([]).between(0, 10)) == 0


def test_columns_out_of_order_or_of_different_length_are_refused() -> None:
    one, two = np.array([1]), np.array([2, 1])
    with pytest.raises(ValueError, match="order of arrival"):
        History(two, two, two, two, two, two)
    with pytest.raises(ValueError, match="equally long"):
        History(two[::-1], two, two, two, two, one)


def test_between_takes_the_first_and_leaves_the_last() -> None:
    assert a_history().between(3, 6).arrival.tolist() == [3, 4, 5]


def test_counting_from_another_slot_moves_slots_and_nothing_else() -> None:
    moved = a_history().from_slot(-100)
    assert moved.arrival[0] == 100
    assert (moved.end - moved.start).tolist() == (a_history().end - a_history().start).tolist()
    assert moved.value.tolist() == a_history().value.tolist()


def test_shuffled_values_are_the_same_densities_in_other_places() -> None:
    history, other = a_history(), a_history().shuffled(1)
    assert other.slots.tolist() == history.slots.tolist()
    assert other.value.tolist() != history.value.tolist()
    assert np.allclose(np.sort(other.density), np.sort(history.density), rtol=1e-5)
    assert a_history().shuffled(1).value.tolist() == other.value.tolist()
