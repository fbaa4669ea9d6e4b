"""A history played through the prices of each lag gives what the specification gives, one request after another."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.kernel import replay
from pricing.kernel.reference import Curve, Slot, accepts, decide, price

UNITS, LAST, LAGS = 4, 12, 5


class Asked(NamedTuple):
    arrival: int
    units: int
    slots: int
    start: int
    end: int
    value: int


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Curve], list[int], list[Asked]]:
    """Curves, the curve of each lag, and requests in order of arrival; some too large, some that can't fit."""
    curves: list[Curve] = [
        [(price, min(k, UNITS)) for k, price in enumerate(sorted(prices, reverse=True), start=1)]
        for prices in draw(st.lists(st.sets(st.integers(1, 50), max_size=UNITS + 1), min_size=1, max_size=3))
    ]
    row_of = draw(st.lists(st.integers(0, len(curves) - 1), min_size=1, max_size=LAGS))
    asked = []
    for arrival in sorted(draw(st.lists(st.integers(0, LAST - 1), max_size=8))):
        start = draw(st.integers(arrival, LAST))
        end = draw(st.integers(start, LAST))
        units, slots = draw(st.integers(1, UNITS + 1)), draw(st.integers(1, 4))
        asked.append(Asked(arrival, units, slots, start, end, draw(st.integers(0, 600))))
    return curves, row_of, asked


def sums_of(curves: list[Curve], floor: int = 0) -> np.ndarray:
    """What the first n free units of a pool cost under each curve."""
    prices = [[price(Slot(UNITS, UNITS - left - 1, curve), 1, floor) or 0 for left in range(UNITS)] for curve in curves]
    return np.cumsum([[0, *row] for row in prices], axis=1, dtype=np.int64)


def by_reference(curves: list[Curve], row_of: list[int], asked: list[Asked]) -> list[int]:
    promised = [0] * LAST
    starts = []
    for one in asked:
        ahead = [curves[row_of[min(max(t - one.arrival, 0), len(row_of) - 1)]] for t in range(LAST)]
        slots = {t: Slot(UNITS, promised[t], ahead[t]) for t in range(LAST)}
        offer = decide(slots, 0, one.units, one.slots, one.start, one.end)
        taken = offer if accepts(offer, one.value) else None
        starts.append(taken.start if taken else -1)
        for t in range(taken.start, taken.start + one.slots) if taken else ():
            promised[t] += one.units
    return starts


def columns(asked: list[Asked]) -> dict[str, np.ndarray]:
    table = np.array(asked, dtype=np.int64).reshape(-1, len(Asked._fields))
    return dict(zip(Asked._fields, table.T, strict=True))


def played(asked: list[Asked], *, each: int = 3) -> list[int]:
    """The starts at one price for all."""
    sums = sums_of([[]], each)
    return replay(sums, np.zeros(1, dtype=np.int64), **columns(asked)).tolist()


@given(histories())
def test_it_equals_the_specification(history: tuple[list[Curve], list[int], list[Asked]]) -> None:
    curves, row_of, asked = history
    sums = sums_of(curves)
    starts = replay(sums, np.array(row_of), **columns(asked))
    assert starts.tolist() == by_reference(curves, row_of, asked)


def test_no_requests_have_no_starts() -> None:
    assert played([]) == []


def test_what_is_worth_exactly_its_price_is_served() -> None:
    assert played([Asked(0, 2, 2, 1, 5, 12), Asked(0, 2, 2, 1, 5, 11)]) == [1, -1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Asked(0, 0, 1, 1, 2, 1), "request 0 has a wrong units"),
        (Asked(0, 1, 0, 1, 2, 1), "request 0 has a wrong slots"),
        (Asked(-1, 1, 1, 1, 2, 1), "request 0 has a wrong arrival"),
        (Asked(3, 1, 1, 2, 4, 1), "request 0 has a wrong start"),
        (Asked(0, 1, 1, 3, 2, 1), "request 0 has a wrong end"),
    ],
)
def test_a_request_that_makes_no_sense_is_named(wrong: Asked, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        played([wrong])


def test_rows_that_are_not_there_are_refused() -> None:
    sums = sums_of([[]])
    with pytest.raises(ValueError, match="rows 0 to 0, not in 1"):
        replay(sums, np.array([1]), **columns([Asked(0, 1, 1, 1, 2, 1)]))


def test_prices_that_do_not_fit_into_64_bits_are_refused() -> None:
    with pytest.raises(OverflowError, match="do not fit into int64"):
        played([Asked(0, 1, 4, 1, 9, 1)], each=2**60)
