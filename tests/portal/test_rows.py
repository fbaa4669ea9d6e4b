"""Rows of numbers told by their changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pricing.runs import credit_runs, runs


@given(st.lists(st.integers(-1, 3)))
def test_runs_say_every_value_of_the_row(values: list[int]) -> None:
    told = dict(runs(np.array(values, dtype=np.int64)))
    current, again = None, []
    for index in range(len(values)):
        current = told.get(index, current)
        again.append(current)
    assert again == values


def test_runs_are_as_few_as_can_be() -> None:
    assert runs(np.array([2, 2, 2, 5, 5, 2])) == [(0, 2), (3, 5), (5, 2)]


def test_prices_are_told_in_credits_and_none_where_there_is_no_room() -> None:
    assert credit_runs(np.array([1_500_000, -1, -1])) == [(0, 1.5), (1, None)]
