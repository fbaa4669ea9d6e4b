"""A policy is tried on a past as the kernel would have decided it, and revenue is what was paid."""

import numpy as np
import pytest

from pricing.forecasting import History
from pricing.forecasting.trial import prices_of, try_out
from pricing.kernel import PriceTable, decide


def test_the_first_units_sold_are_the_cheapest_and_the_lag_decides() -> None:
    prices = prices_of([[[9, 1], [5, 2]], [[7, 4]]], [0, 3], floor=2, units=4, furthest=10)
    assert [prices.of_unit(number, 0) for number in (1, 2, 3, 4)] == [2, 2, 5, 9]
    assert [prices.of_unit(1, ahead) for ahead in (2, 3, 99)] == [2, 7, 7]


def test_requests_are_decided_as_the_kernel_decides_them() -> None:
    curve = [[90, 2], [40, 5], [10, 7]]
    rng = np.random.default_rng(7)
    rows = [
        (k, int(rng.integers(1, 5)), int(rng.integers(1, 6)), k + 1, k + 15, 10 ** int(rng.integers(1, 4)))
        for k in range(80)
    ]
    history = History.of(rows)
    tried = try_out(history, prices_of([curve], None, floor=3, units=8, furthest=20), np.full(80, True))
    table = PriceTable([[(price, demanded) for price, demanded in curve]], [0], floor=3, max_units=8)
    promised, capacity = np.zeros(120, dtype=np.int64), np.full(120, 8, dtype=np.int64)
    accepted = paid = served = 0
    for _, units, slots, start, end, value in rows:
        offer = decide(table, promised, capacity, first_slot=0, units=units, slots=slots, start=start, end=end)
        if offer and offer.total <= value:
            promised[offer.start : offer.start + slots] += units
            accepted, paid, served = accepted + 1, paid + offer.total, served + value
    assert 0 < accepted < 80
    assert (tried.accepted, tried.revenue, tried.served) == (accepted, paid, served)


def test_what_is_not_taken_is_refused_and_counts_as_asked_for() -> None:
    history = History.of([(0, 1, 1, 1, 2, 50), (0, 2, 1, 1, 2, 70)])
    prices = prices_of([[]], None, floor=10, units=4, furthest=2)
    assert try_out(history, prices, np.array([True, False])) == (2, 120, 1, 50, 10)
    assert try_out(history, prices, np.array([False, False])) == (2, 120, 0, 0, 0)
    assert try_out(history, prices, np.array([True, True])).served_share == pytest.approx(1.0)
