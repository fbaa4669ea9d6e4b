"""What forecasts said of each day beforehand, beside what came: written down once, and shown by pool and by day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import StaffRole
from desk.models import ForecastDay
from desk.services.roll_forecasts import roll_forecasts
from era_platform.common import clock
from pricing.forecasting import History
from pricing.models import Forecast, Pool
from pricing.selectors import asked
from pricing.selectors.outcomes import Outcome, ahead_of, outcome
from pricing.services import forecasts
from tests.desk.test_roles import a_member_of_staff
from tests.factories import a_pool, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
HOUR, DAY = 60, 1_440  # slots
LISTED = 20_000


@pytest.fixture
def day() -> datetime:
    """The one after tomorrow."""
    return (clock.now() + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)


def made(pool: Pool, slot: int, **fields: Any) -> Forecast:
    """A version that says: within an hour 1 unit at the list price, and 3 units from then on."""
    given = {"curves": [[[LISTED, 1]], [[2 * LISTED, 2], [LISTED, 3]]], "lags": [0, HOUR], "made_in": slot}
    return forecasts.publish(pool, method="back-test", requests=5, **{**given, **fields})


def first_of(pool: Pool, day: datetime) -> int:
    return clock.slot_at(day, pool.slot_seconds)


def asked_for(*rows: tuple[int, int, int, int, int, int]) -> History:
    return History.of(rows)


def test_each_hour_is_held_to_the_version_of_a_day_before(pool: Pool, day: datetime) -> None:
    """Made at the beginning of the day before, it is not older than six hours for the first seven hours."""
    first = first_of(pool, day)
    made(pool, first - DAY)
    came = asked_for(
        (first - DAY - 1, 8, HOUR, first, first + HOUR, 10**9),  # known when it was made
        (first - 9, 2, HOUR, first, first + HOUR, 2 * HOUR * LISTED),
        (first - 9, 4, HOUR, first + HOUR, first + 2 * HOUR, 4 * HOUR * (LISTED - 1)),  # worth less
        (first, 8, HOUR, first, first + HOUR, 10**9),  # too late
    )
    assert outcome(pool, 86_400, day, came) == Outcome(86_400, LISTED, said=21.0, came=2.0, hours=7)


def test_the_newest_of_the_versions_that_are_old_enough_counts(pool: Pool, day: datetime) -> None:
    first = first_of(pool, day)
    made(pool, first - DAY)
    made(pool, first - DAY + HOUR, curves=[[[LISTED, 7]]], lags=[0])
    made(pool, first - DAY + HOUR, curves=[[[LISTED, 5]]], lags=[0])
    found = outcome(pool, 86_400, day, asked_for((first - 2 * DAY, 1, 1, first, first + 1, 1)))
    assert (found.said, found.hours) == (3.0 + 7 * 5, 8)


def test_of_what_is_from_before_anything_is_known_nothing_is_said(pool: Pool, day: datetime) -> None:
    first = first_of(pool, day)
    made(pool, first - DAY)
    made(pool, first - DAY, lags=None, made_in=None, curve_of=[0, 1])
    assert outcome(pool, 86_400, day, asked_for((first - DAY + 1, 1, 1, first, first + 1, 1))).hours == 0
    assert outcome(pool, 86_400, day, asked_for()).hours == 0


def test_no_further_ahead_than_a_pool_sells() -> None:
    assert ahead_of(a_pool("short", horizon_slots=6 * HOUR)) == 21_600
    assert ahead_of(a_pool("shorter", horizon_slots=HOUR // 2)) is None


def test_days_that_are_over_are_written_down_once(pool: Pool, day: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    first, read = first_of(pool, day), list[Pool]()
    made(pool, first - DAY)
    history = asked_for((first - DAY, 2, HOUR, first, first + HOUR, 2 * HOUR * LISTED))

    def source(asked_of: Pool) -> History:
        read.append(asked_of)
        return history

    monkeypatch.setattr(asked, "_sources", [source])
    clock.advance((day - clock.now()).total_seconds() + 600)
    roll_forecasts(pool, clock.now())
    assert ForecastDay.objects.filter(day=day.date()).count() == 0, "it is not over"
    clock.advance(86_400)
    for _time in range(3):
        roll_forecasts(pool, clock.now())
    found = ForecastDay.objects.get(pool=pool, day=day.date())
    assert (found.said, found.came, found.hours, found.price) == (21, 2, 7, LISTED)
    assert len(read) == 2, "requests are read once a day"
    assert ForecastDay.objects.filter(pool=pool).count() == 3, "since there was the pool, those without a word, too"


def test_a_pool_that_was_left_alone_for_long_catches_up_with_a_week(pool: Pool) -> None:
    with scopes_disabled():
        roll_forecasts(pool, clock.now() + timedelta(days=100))
        assert ForecastDay.objects.filter(pool=pool).count() == 7


@pytest.fixture
def auditor() -> Client:
    return signed_in(a_member_of_staff(StaffRole.AUDITOR))


def kept(pool: Pool, days_ago: int, **fields: Any) -> None:
    given = {"ahead": 86_400, "price": LISTED, "said": 10, "came": 15, "hours": 24}
    ForecastDay.objects.create(pool=pool, day=clock.now().date() - timedelta(days=days_ago), **{**given, **fields})


def test_the_page_shows_pools_and_a_pools_days(auditor: Client, pool: Pool) -> None:
    other = a_pool("other")
    for number in (1, 2, 40):
        kept(pool, number)
    kept(pool, 3, hours=0, said=0, came=0)
    kept(other, 1, hours=0, said=0, came=0)
    [said] = auditor.get("/admin/desk/sales/?days=30").context["said"]
    assert (said.label, said.said, said.came, said.hours, said.off) == (pool.slug, 20, 30, 48, 50)
    page = auditor.get(f"/admin/desk/sales/?days=30&pool={pool.slug}")
    days = [(clock.now().date() - timedelta(days=number)).isoformat() for number in (1, 2)]
    assert [said.label for said in page.context["said"]] == days
    assert "<td>10.0</td><td>15.0</td><td>50 %</td>" in page.content.decode()


def test_the_page_asks_no_more_the_more_days_there_are(
    auditor: Client, pool: Pool, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        kept(pool, number, said=0)
    for query in ("", f"pool={pool.slug}", "days=365"):
        with django_assert_max_num_queries(9):
            auditor.get(f"/admin/desk/sales/?{query}")
