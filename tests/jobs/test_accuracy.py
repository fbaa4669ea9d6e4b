"""Operators see what each version of a forecast said, against what came."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from era_platform.common import clock
from pricing.forecasting import History
from pricing.models import Forecast, Pool
from pricing.selectors import asked
from pricing.selectors.accuracy import accuracy, aheads
from pricing.services import forecasts
from tests.factories import Tenant, a_pool, a_user, signed_in

pytestmark = pytest.mark.django_db

HOUR = 60  # slots


@pytest.fixture
def pool(db: None) -> Pool:
    """One-minute slots, 8 units; prices around 20,000 micro-credits."""
    return a_pool("gpu")


@pytest.fixture
def operator() -> Client:
    return signed_in(a_user("operator@example.com", is_staff=True))


def made(pool: Pool, slots_ago: int, **fields: Any) -> Forecast:
    """A version that says: within an hour 1 unit at 20,000, and 3 units from then on."""
    given = {"curves": [[[20_000, 1]], [[40_000, 2], [20_000, 3]]], "lags": [0, HOUR], "findings": {"served": 0.75}}
    return forecasts.publish(
        pool, method="back-test", made_in=pool.slot_now() - slots_ago, requests=5, **{**given, **fields}
    )


def asked_for(monkeypatch: pytest.MonkeyPatch, *rows: tuple[int, int, int, int, int, int]) -> None:
    monkeypatch.setattr(asked, "_sources", [lambda pool: History.of(rows)])


def test_what_came_after_a_version_is_held_against_what_it_said(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    made(pool, 3 * HOUR)
    then = pool.slot_now() - 3 * HOUR
    hour = (then + HOUR, then + 2 * HOUR)  # the one that is an hour ahead
    asked_for(
        monkeypatch,
        (then - 1, 8, HOUR, *hour, 10**9),  # known when it was made
        (then + 5, 2, HOUR, *hour, 2 * HOUR * 20_000),  # worth the list price
        (then + 9, 4, HOUR // 2, *hour, 2 * HOUR * 50_000),  # half of the hour, worth more than twice as much
        (then + HOUR, 8, 10, *hour, 10**9),  # too late for it
        (then + 9, 8, HOUR, hour[1], hour[1] + HOUR, 10**9),  # for another hour
    )
    found = accuracy(pool, 3_600)
    assert found.moments == [(then + HOUR) * 60]
    assert [(level.price, level.said, level.came) for level in found.levels] == [
        (10_000, [3.0], [4.0]),
        (20_000, [3.0], [4.0]),
        (40_000, [2.0], [2.0]),
    ]


def test_a_version_whose_hour_has_not_come_is_left_out_but_for_what_it_served(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(pool, HOUR)
    asked_for(monkeypatch, (pool.slot_now() - 2 * HOUR, 1, 1, pool.slot_now(), pool.slot_now() + 5, 10))
    found = accuracy(pool, 3_600)
    assert found.moments == []
    assert [(each.version, each.share) for each in found.served] == [(2, 0.75)]


def test_versions_that_only_follow_a_change_of_price_and_old_ones_are_left_out(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(pool, 3 * HOUR, findings={"from_version": 1})
    made(pool, 3 * HOUR, created_at=clock.now() - timedelta(days=20))
    asked_for(monkeypatch, (0, 1, 1, 1, 2, 10))
    found = accuracy(pool, 3_600)
    assert (found.moments, found.served) == ([], [])


def test_no_pool_is_looked_at_further_ahead_than_it_sells(pool: Pool) -> None:
    assert aheads(pool) == [3_600, 21_600, 86_400]


def test_the_page_shows_charts_and_the_same_numbers_as_a_table(
    operator: Client, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(pool, 3 * HOUR)
    then = pool.slot_now() - 3 * HOUR
    asked_for(monkeypatch, (then, 2, HOUR, then + HOUR, then + 2 * HOUR, 2 * HOUR * 20_000))
    page = operator.get(f"/admin/pricing/pool/{pool.pk}/forecast/").content.decode()
    assert page.count("data-level=") == 3
    assert "<td>3</td><td>2</td>" in page
    assert "75 %" in page
    assert '"percent": [75.0]' in page


def test_without_a_history_it_says_so(operator: Client, pool: Pool) -> None:
    page = operator.get(f"/admin/pricing/pool/{pool.pk}/forecast/?ahead=21600").content.decode()
    assert "Nothing to compare yet" in page
    assert "No forecast was made from requests" in page
    assert "In use: version 1 (utilization-prior)" in page


@pytest.mark.parametrize("ahead", ["7", "soon", "-3600", "259200"])
def test_a_distance_that_is_not_offered_is_named(operator: Client, pool: Pool, ahead: str) -> None:
    answer = operator.get(f"/admin/pricing/pool/{pool.pk}/forecast/?ahead={ahead}")
    assert answer.status_code == 400
    assert f"not “{ahead}”" in answer.content.decode()


def test_tenants_do_not_see_it(ours: Tenant, pool: Pool) -> None:
    assert ours.client("owner").get(f"/admin/pricing/pool/{pool.pk}/forecast/").status_code == 302
