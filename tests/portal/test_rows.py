"""Rows of numbers told by their changes, folders of outputs, and an event in words."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobs.outputs import OutputFile
from jobs.views.folders import folder_of
from pricing.runs import credit_runs, runs

AT = datetime(2026, 1, 1, tzinfo=UTC)


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


def files(*paths: str) -> list[OutputFile]:
    return [OutputFile(path, 10, AT) for path in paths]


def test_the_top_folder_shows_its_files_and_what_lies_below_in_sum() -> None:
    top = folder_of(files("a.txt", "plots/1.png", "plots/deep/2.png"), "")
    assert [name for name, _file in top.files] == ["a.txt"]
    assert top.inner == [("plots", "plots", 2, 20)]
    assert (top.count, top.total) == (3, 30)


def test_an_inner_folder_knows_the_way_up() -> None:
    inner = folder_of(files("plots/deep/2.png"), "plots/deep")
    assert inner.crumbs == [("plots", "plots"), ("deep", "plots/deep")]
    assert [name for name, _file in inner.files] == ["2.png"]


def test_a_folder_that_is_not_there_shows_the_top() -> None:
    assert folder_of(files("a.txt"), "../../etc").path == ""
