"""The same requests as they were sold and as first come, first served would have had them, day by day."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django import Settings

from accounts.models import StaffRole
from desk import periods
from desk.models import ComparisonDay, PoolHour, QueueBook
from desk.selectors.compared import compared
from desk.services import compare
from desk.utilisation import Ratios
from era_platform.common import clock
from jobs.models import Job
from pricing.models import Pool
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, a_pool, signed_in
from tests.jobs.ways import decided, reserved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
SUMS = ("requests", "sold_accepted", "sold_value", "sold_seconds", "queue_accepted", "queue_value", "queue_seconds")
RATIOS = Ratios(0.5, 0, 0.5)


@pytest.fixture
def small(ours: Tenant) -> Pool:
    found: Pool = a_pool(units=4)
    return found


def later(**time: float) -> int:
    """Go on, and compare."""
    clock.advance(timedelta(**time).total_seconds())
    return compare.compare_all()


def sums(pool: Pool) -> dict[str, int]:
    found = ComparisonDay.objects.filter(pool=pool).aggregate(**{name: Sum(name) for name in SUMS})
    return {name: int(value or 0) for name, value in found.items()}


def promised(pool: Pool) -> list[list[int]]:
    kept: list[list[int]] = QueueBook.objects.get(pool=pool).promised
    return kept


def test_it_takes_the_cheap_ones_that_a_price_keeps_out(ours: Tenant, small: Pool) -> None:
    """At the floor price, a request worth less is refused; a queue without prices would have run it."""
    accepted = reserved(ours, small, units=1)
    decided(ours, small, units=1, value=1)
    assert compare.compare_all() == 0, "others may still come in that were made before"
    assert later(minutes=11) == 2
    seconds = 2 * small.slot_seconds
    assert sums(small) == {
        "requests": 2,
        "sold_accepted": 1,
        "sold_value": accepted.value,
        "sold_seconds": seconds,
        "queue_accepted": 2,
        "queue_value": accepted.value + 1,
        "queue_seconds": 2 * seconds,
    }


def test_each_request_is_dealt_with_once(ours: Tenant, small: Pool) -> None:
    reserved(ours, small, units=1)
    assert [later(minutes=11), later(minutes=1), later(days=2)] == [1, 0, 0]
    reserved(ours, small, units=1)
    assert later(minutes=11) == 1
    assert sums(small)["requests"] == 2


def test_what_it_has_promised_before_is_not_free_afterwards(ours: Tenant, small: Pool) -> None:
    """Three fill what is left of the hour's first half; the one after them comes after them, in the next run, too."""
    deadline = clock.now() + timedelta(hours=1)
    long = {"units": 4, "duration": 20 * 60, "deadline": deadline}
    decided(ours, small, **long)
    assert later(minutes=11) == 1
    before = promised(small)
    for _number in range(2):
        decided(ours, small, value=0, **long)
    assert later(minutes=11) == 2
    assert sums(small)["queue_accepted"] == 2, "the third fits nowhere before the deadline"
    assert before[-1][1] == promised(small)[-1][1] == 0
    assert later(hours=2) == 0
    assert {units for _slot, units in promised(small)} == {0}, "the past is not kept"


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 5])
def test_in_parts_it_comes_to_the_same_as_by_hand(
    ours: Tenant, small: Pool, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: the earliest start at which all its slots have room."""
    monkeypatch.setattr(compare, "AT_A_TIME", at_a_time)
    for number in range(12):
        if number % 4 == 0:
            clock.advance(70)
        wanted = {"units": 1 + number * 7 % 4, "duration": 60 * (1 + number * 5 % 3)}
        decided(ours, small, deadline=clock.now() + timedelta(minutes=6 + number % 5), value=number % 2, **wanted)
    taken: Counter[int] = Counter()
    accepted = 0
    with scopes_disabled():
        for job in Job.objects.order_by("submitted_at", "pk"):
            request = compare._request(small, job)
            assert request
            for start in range(request.start, request.end - request.slots + 1):
                slots = range(start, start + request.slots)
                if all(taken[slot] + request.units <= 4 for slot in slots):
                    taken.update(dict.fromkeys(slots, request.units))
                    accepted += 1
                    break
    assert later(minutes=11) == 12
    found = sums(small)
    assert (found["queue_accepted"], found["queue_seconds"]) == (accepted, 60 * sum(taken.values()))
    assert 0 < accepted < 12


def test_slots_count_on_the_days_they_lie_in(small: Pool) -> None:
    midnight = (clock.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    slot = clock.slot_at(midnight, small.slot_seconds)
    told = list(compare._by_day(small, slot - 2, 24 * 60 + 3))
    today = midnight.date()
    assert told == [
        (today - timedelta(days=1), 120),
        (today, 86_400),
        (today + timedelta(days=1), 60),
    ]


def days_before(count: int) -> periods.Period:
    return periods.last(count)


def test_utilisation_of_the_queue_is_as_much_more_as_it_books(ours: Tenant, small: Pool) -> None:
    """It books twice what was sold, so machines are used twice as much, but never more than wholly."""
    reserved(ours, small, units=1)
    decided(ours, small, units=1, value=1)
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    later(days=2)
    with scopes_disabled():
        PoolHour.objects.create(pool=small, hour=day + timedelta(hours=3), cpu=0.2, memory=0.7, gpu=None, runs=1)
        PoolHour.objects.create(pool=small, hour=day + timedelta(days=9), cpu=1, memory=1, gpu=None, runs=1)
    [found] = compared(days_before(7), RATIOS, small)
    assert (found.pool, found.requests, found.since) == (small.slug, 2, day.date())
    assert found.until == clock.now().date() - timedelta(days=1), "whole days only"
    assert found.sold.used == pytest.approx(45)
    assert found.queue.used == pytest.approx(100 * (0.5 * 0.4 + 0.5 * 1))
    assert found.queue.booked == pytest.approx(2 * found.sold.booked)
    assert found.sold.booked == pytest.approx(100 * 120 / (4 * 2 * 86_400))


def test_where_nothing_was_measured_or_sold_nobody_knows(ours: Tenant, small: Pool) -> None:
    decided(ours, small, units=1, value=1)
    later(days=2)
    [found] = compared(days_before(7), RATIOS, None)
    assert (found.sold.used, found.queue.used) == (None, None)
    assert compared(days_before(1), RATIOS, None) == [], "today is not over"


def test_the_page_has_it_for_the_period_and_the_pool(ours: Tenant, small: Pool, pool: Pool) -> None:
    client = signed_in(a_member_of_staff(StaffRole.AUDITOR))
    for each in (small, pool):
        reserved(ours, each, units=1)
    later(days=2)

    def shown(query: str) -> list[str]:
        return [one.pool for one in client.get(f"/admin/desk/utilisation/?{query}").context["comparisons"]]

    assert shown("days=7") == sorted([small.slug, pool.slug])
    assert shown(f"pool={small.slug}") == [small.slug]
    assert shown("days=1") == []


def test_the_page_asks_no_more_the_more_pools_there_are(
    ours: Tenant, small: Pool, django_assert_max_num_queries: Any, settings: Settings
) -> None:
    client: Client = signed_in(a_member_of_staff(StaffRole.AUDITOR))
    for number in range(5):
        reserved(ours, a_pool(f"pool-{number}"), units=1)
    later(days=2)
    with django_assert_max_num_queries(9):
        assert len(client.get("/admin/desk/utilisation/").context["comparisons"]) == 5
