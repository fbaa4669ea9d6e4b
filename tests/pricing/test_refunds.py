"""What comes back of a price and what is given on top, to the micro-credit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.refunds import BEFORE_POLICIES, Notice, Policy, Settlement, cancelled, failed, faults, ran

DAY, HOUR = 86_400, 3_600
STEPS = Policy(notice=(Notice(DAY, 100), Notice(HOUR, 50), Notice(60, 33)))
PRICE = 100_001
COSTS = [10_001, 20_000, 30_000, 40_000]


@pytest.mark.parametrize(
    ("notice", "back"),
    [
        (2 * DAY, 100_001),
        (DAY, 100_001),
        (DAY - 1, 50_001),  # 50,000.5 rounded up
        (HOUR, 50_001),
        (HOUR - 0.000001, 33_001),  # 33,000.33 rounded up
        (60, 33_001),
        (59.9, 0),
        (0, 0),
        (-0.1, 100_001),  # its start was due, and it had not begun
    ],
)
def test_what_comes_back_of_a_job_cancelled_before_its_start(notice: float, back: int) -> None:
    assert cancelled(STEPS, PRICE, notice) == Settlement(PRICE - back, cancelled=back)


@pytest.mark.parametrize("notice", [0, 1, 10 * DAY])
def test_by_default_all_comes_back_until_the_start(notice: float) -> None:
    assert cancelled(Policy(), PRICE, notice).paid == 0


@pytest.mark.parametrize(
    ("price", "percent", "lost", "loss"),
    [(PRICE, 10, True, 10_001), (PRICE, 10, False, 0), (PRICE, 0, True, 0), (1, 1, True, 1), (0, 10, True, 0)],
)
def test_a_failure_of_the_platform_gives_all_back_and_a_credit_for_a_lost_slot(
    price: int, percent: int, lost: bool, loss: int
) -> None:
    assert failed(Policy(loss_credit_percent=percent), price, lost=lost) == Settlement(0, failed=price, loss=loss)


@pytest.mark.parametrize(
    ("percent", "used_from", "used_to", "late", "expected"),
    [
        (50, 0, 4, 0, Settlement(PRICE)),
        (50, 0, 3, 0, Settlement(80_001, unused=20_000)),
        (50, 0, 1, 0, Settlement(55_001, unused=45_000)),
        (33, 0, 0, 0, Settlement(67_000, unused=33_001)),  # 33,000.33 rounded up
        (0, 0, 1, 0, Settlement(PRICE)),
        (100, 0, 1, 0, Settlement(10_001, unused=90_000)),
        (50, 0, 4, 60, Settlement(PRICE)),  # within the grace
        (50, 0, 4, 60.1, Settlement(PRICE, late=2_001)),  # its second minute has begun: 2 %, 2,000.02 rounded up
        (50, 0, 4, 120, Settlement(PRICE, late=2_001)),
        (50, 0, 4, 120.1, Settlement(PRICE, late=3_001)),
        (50, 1, 4, 61, Settlement(90_000, missed=10_001, late=2_001)),
        (50, 1, 4, 30, Settlement(PRICE)),  # a slot of less than the grace: a start within it is on time
        (50, 2, 3, 200, Settlement(50_000, missed=30_001, unused=20_000, late=4_001)),
        (50, 3, 4, 10_000, Settlement(40_000, missed=60_001, late=50_001)),  # at most 50 %
        (50, 4, 4, 10_000, Settlement(0, missed=PRICE, late=50_001)),
        (50, 9, 4, 10_000, Settlement(0, missed=PRICE, late=50_001)),  # begun after its slots, seen even later
    ],
)
def test_what_a_job_that_ran_pays(
    percent: int, used_from: int, used_to: int, late: float, expected: Settlement
) -> None:
    policy = Policy(unused_percent=percent)
    assert ran(policy, PRICE, COSTS, used_from=used_from, used_to=used_to, late_seconds=late) == expected


def test_what_was_sold_before_there_were_policies_is_paid_in_full() -> None:
    assert ran(BEFORE_POLICIES, PRICE, COSTS, used_from=1, used_to=2, late_seconds=59) == Settlement(PRICE)
    assert cancelled(BEFORE_POLICIES, PRICE, 1) == Settlement(0, cancelled=PRICE)


percents = st.integers(0, 100)


@given(
    costs=st.lists(st.integers(0, 2**53), min_size=1, max_size=9),
    percents=st.tuples(percents, percents, percents, percents),
    used=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    late=st.floats(0, 100_000),
)
def test_what_is_paid_and_what_comes_back_add_up_to_the_price(
    costs: list[int], percents: tuple[int, int, int, int], used: tuple[int, int], late: float
) -> None:
    unused, loss, by_minute, most = percents
    policy = Policy((), unused, loss, 60, by_minute, most)
    came = ran(policy, sum(costs), costs, used_from=used[0], used_to=min(used[1], len(costs)), late_seconds=late)
    assert came.paid + came.back == sum(costs)
    assert min(came) >= 0
    assert came.credit <= -(-sum(costs) * most // 100)


@pytest.mark.parametrize(
    ("fields", "named", "value"),
    [
        ({"unused_percent": 101}, "unused_percent", "101"),
        ({"late_percent": -1}, "late_percent", "-1"),
        ({"late_grace_seconds": DAY + 1}, "late_grace_seconds", "86401"),
        ({"notice": (Notice(60, 50), Notice(HOUR, 100))}, "notice", "3600 s comes after 60 s"),
        ({"notice": (Notice(HOUR, 50), Notice(HOUR, 50))}, "notice", "3600 s comes after 3600 s"),
        ({"notice": (Notice(HOUR, 50), Notice(60, 51))}, "notice", "50 % is less than 51 %"),
        ({"notice": (Notice(-1, 50),)}, "notice", "-1"),
        ({"notice": (Notice(0, 200),)}, "notice", "200"),
        ({"notice": tuple(Notice(100 - k, 0) for k in range(11))}, "notice", "11 steps"),
    ],
)
def test_what_makes_no_sense_is_named(fields: dict[str, Any], named: str, value: str) -> None:
    found = faults(Policy()._replace(**fields))
    assert list(found) == [named]
    assert value in found[named]


def test_a_policy_is_kept_and_read_again() -> None:
    assert Policy.read(STEPS.kept()) == STEPS
    assert faults(STEPS) == faults(Policy()) == faults(BEFORE_POLICIES) == {}
