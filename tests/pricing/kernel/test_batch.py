"""Many requests at once are decided as one by one, each on the book that those before it left."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.kernel import ANY_VALUE, Decisions, Outcome, PriceTable, decide_all
from pricing.kernel import Request as Wanted
from pricing.kernel.reference import accepts
from tests.pricing.kernel.markets import EXACT, Market, Request, decide_by_reference, markets_and_requests, requests

MAX = 2**63 - 1
Answer = tuple[Outcome, int, int]


@st.composite
def batches(draw: st.DrawFn) -> tuple[Market, list[Wanted], int]:
    """A market, some requests with values, and a horizon inside the book."""
    market, first = draw(markets_and_requests())
    asked = [first, *draw(st.lists(requests(market), max_size=5))]
    values = st.just(ANY_VALUE) | st.integers(-1, 200) | st.integers(0, 10**6)
    horizon = draw(st.just(market.last_slot) | st.integers(market.first_slot, market.last_slot))
    return market, [Wanted(r.units, r.slots, r.start, r.end, draw(values)) for r in asked], horizon


def by_reference(market: Market, asked: list[Wanted], horizon: int) -> tuple[list[Answer], list[int]]:
    """Decide and, if accepted, apply: one after another."""
    answers = []
    for one in asked:
        answer = decide_one(market, one, horizon)
        answers.append(answer)
        if answer[0] is Outcome.ACCEPTED:
            first = answer[1] - market.first_slot
            promised = list(market.promised)
            promised[first : first + one.slots] = [p + one.units for p in promised[first : first + one.slots]]
            market = replace(market, promised=promised)
    return answers, market.promised


def decide_one(market: Market, one: Wanted, horizon: int) -> Answer:
    if one.end - one.start < one.slots:
        return Outcome.WINDOW_TOO_SHORT, -1, -1
    if one.start + one.slots > horizon:
        return Outcome.BEYOND_HORIZON, -1, -1
    end = min(one.end, horizon)
    offer = decide_by_reference(market, Request(one.units, one.slots, one.start, end))
    if offer is None:
        most = max(market.capacity[one.start - market.first_slot : end - market.first_slot])
        return (Outcome.TOO_MANY_UNITS if one.units > most else Outcome.NO_CAPACITY), -1, -1
    return (Outcome.ACCEPTED if accepts(offer, one.value) else Outcome.PRICE_ABOVE_VALUE), *offer


def rows(decisions: Decisions) -> list[Answer]:
    columns = (decisions.outcomes.tolist(), decisions.starts.tolist(), decisions.totals.tolist())
    return [(Outcome(outcome), start, total) for outcome, start, total in zip(*columns, strict=True)]


@EXACT
@given(batches())
def test_a_batch_equals_its_requests_decided_and_applied_one_by_one(
    case: tuple[Market, list[Wanted], int],
) -> None:
    market, asked, horizon = case
    promised, capacity = market.book()
    found = decide_all(market.table(), promised, capacity, asked, first_slot=market.first_slot, horizon=horizon)
    answers, after = by_reference(market, asked, horizon)
    assert rows(found) == answers
    assert found.promised.tolist() == after
    assert promised.tolist() == market.promised


def table(max_units: int = 10, price: int = 20) -> PriceTable:
    return PriceTable([[(price, 4)]], [0], floor=5, max_units=max_units)


def book(slots: int = 6) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(slots, dtype=np.int64), np.full(slots, 10, dtype=np.int64)


def test_each_makes_the_next_dearer_or_later() -> None:
    asked = [Wanted(6, 2, 0, 4, 1000)] * 4 + [Wanted(1, 1, 0, 6, 1000)]
    found = decide_all(table(), *book(), asked, first_slot=0)
    assert rows(found) == [
        (Outcome.ACCEPTED, 0, 60),
        (Outcome.ACCEPTED, 2, 60),
        (Outcome.NO_CAPACITY, -1, -1),
        (Outcome.NO_CAPACITY, -1, -1),
        (Outcome.ACCEPTED, 4, 5),
    ]
    assert found.promised.tolist() == [6, 6, 6, 6, 1, 0]


def test_a_refused_request_leaves_no_trace_and_names_its_price() -> None:
    found = decide_all(table(), *book(), [Wanted(2, 1, 0, 6, 9)], first_slot=0)
    assert rows(found) == [(Outcome.PRICE_ABOVE_VALUE, 0, 10)]
    assert not found.promised.any()


def test_a_batch_of_nothing_changes_nothing() -> None:
    found = decide_all(table(), *book(), [], first_slot=0)
    assert rows(found) == []
    assert not found.promised.any()


def test_an_array_will_do() -> None:
    asked = np.array([[2, 1, 0, 6, 10]])
    assert rows(decide_all(table(), *book(), asked, first_slot=0)) == [(Outcome.ACCEPTED, 0, 10)]


def test_the_horizon_cuts_windows() -> None:
    promised, capacity = book()
    promised[:4] = 10
    asked = [Wanted(1, 2, 0, 6), Wanted(1, 2, 3, 9), Wanted(1, 1, MAX - 5, MAX)]
    found = decide_all(table(), promised, capacity, asked, first_slot=0, horizon=4)
    assert [outcome for outcome, *_ in rows(found)] == [
        Outcome.NO_CAPACITY,
        Outcome.BEYOND_HORIZON,
        Outcome.BEYOND_HORIZON,
    ]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (Wanted(0, 1, 0, 6), ValueError, "request 1: units must be at least 1, not 0"),
        (Wanted(1, 0, 0, 6), ValueError, "request 1: slots must be at least 1, not 0"),
        (Wanted(1, 1, -1, 6), ValueError, "request 1: start -1 lies before the book's first slot 0"),
        (Wanted(1, 1, 0, 2**63), OverflowError, f"end {2**63} does not fit into int64"),
        (Wanted(1, 1, 0, 2**64), OverflowError, f"end {2**64} does not fit into int64"),
        (Wanted(1, 1.5, 0, 6), TypeError, "float"),  # type: ignore[arg-type]
        ((1, 1, 0), ValueError, "request 1 must be 5 numbers, not 3"),
    ],
)
def test_requests_that_make_no_sense_are_named(wrong: Wanted, error: type[Exception], message: str) -> None:
    promised, capacity = book()
    with pytest.raises(error, match=message):
        decide_all(table(), promised, capacity, [Wanted(1, 1, 0, 6), wrong], first_slot=0)
    assert not promised.any()


def test_rows_have_five_numbers() -> None:
    with pytest.raises(ValueError, match=r"rows of 5 numbers, not of shape \(2, 4\)"):
        decide_all(table(), *book(), np.ones((2, 4), dtype=np.int64), first_slot=0)


def test_arrays_of_fractions_are_not_cut() -> None:
    with pytest.raises(TypeError, match="float64"):
        decide_all(table(), *book(), np.ones((2, 5)), first_slot=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("horizon", [-1, 7])
def test_a_horizon_lies_in_the_book(horizon: int) -> None:
    with pytest.raises(ValueError, match=f"horizon {horizon} does not lie in"):
        decide_all(table(), *book(), [], first_slot=0, horizon=horizon)


def test_a_total_that_could_exceed_int64_is_refused_before_anything_is_decided() -> None:
    dear = table(max_units=10, price=MAX // 10)
    with pytest.raises(OverflowError, match="5 units in 3 slots"):
        decide_all(dear, *book(), [Wanted(1, 1, 0, 6), Wanted(5, 3, 0, 6)], first_slot=0)


def test_a_slot_that_the_table_does_not_know_is_named() -> None:
    promised, capacity = book()
    capacity[4] = 11
    with pytest.raises(ValueError, match="slot 104 has 11 units free, the table knows 10"):
        decide_all(table(), promised, capacity, [Wanted(1, 1, 100, 106)], first_slot=100)


@pytest.fixture
def nobody_is_made_to_give_way() -> Iterator[None]:
    """Threads change only where one releases the GIL of its own accord."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("nobody_is_made_to_give_way")
def test_others_compute_while_a_batch_is_decided() -> None:
    promised, capacity = book(500_000)
    asked = [Wanted(1, 1, 0, 500_000, 0)] * 400
    began, ended = threading.Event(), threading.Event()

    def decide() -> None:
        began.set()
        decide_all(table(), promised, capacity, asked, first_slot=0)
        ended.set()

    thread = threading.Thread(target=decide)
    thread.start()
    began.wait(60)
    meanwhile = not ended.is_set()
    thread.join()
    assert meanwhile
