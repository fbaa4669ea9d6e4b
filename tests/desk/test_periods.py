"""Which days a page shows: by choice, or by dates."""

from datetime import timedelta

import pytest

from desk import periods
from era_platform.common import clock
from era_platform.common.errors import InvalidInput

pytestmark = pytest.mark.usefixtures("held_clock")


def days(**query: str) -> tuple[int, int]:
    """How many days ago it begins, and ends."""
    period, today = periods.asked(query), clock.now().date()
    return (today - period.since).days, (today - period.until).days


def ago(count: int) -> str:
    return (clock.now().date() - timedelta(days=count)).isoformat()


def test_the_last_so_many_days_or_those_from_one_to_another() -> None:
    assert days() == (29, 0)
    assert days(days="1") == (0, 0)
    assert days(days="7", since="", until="") == (6, 0)
    assert days(days="7", since=ago(40), until=ago(35)) == (40, 35)
    assert days(since=ago(3)) == (3, 0)
    assert days(days="7", until=ago(10)) == (16, 10)
    assert days(since=ago(1), until="2999-01-01") == (1, 0), "the future has nothing to show"


def test_it_can_be_asked_for_again() -> None:
    assert periods.asked({"days": "7"}).query == "days=7"
    period = periods.asked({"since": ago(3), "until": ago(2)})
    assert period.query == f"since={ago(3)}&until={ago(2)}"
    assert (period.by_hour, period.length, period.end - period.begin) == (True, 2, timedelta(days=2))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"days": "8"}, "not “8”"),
        ({"since": "yesterday"}, "not “yesterday”"),
        ({"until": "0001-01-01"}, "not “0001-01-01”"),
        ({"since": "2999-01-01"}, "2999-01-01"),
        ({"since": "2020-02-02", "until": "2020-02-01"}, "2020-02-02"),
        ({"since": "2020-01-01", "until": "2022-01-01"}, "at most 366 days; this one has 732"),
    ],
)
def test_what_is_no_period_is_told_by_its_value(query: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        periods.asked(query)
