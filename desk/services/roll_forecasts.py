"""Writes down what forecasts said of each day that is over, beside what came: once, the day after."""

from datetime import UTC, datetime, timedelta

from django.db.models import Max

from desk.models import ForecastDay
from pricing.models import Pool
from pricing.selectors.asked import asked_of
from pricing.selectors.outcomes import ahead_of, outcome

DAY = timedelta(days=1)
MOST_DAYS = 7
"""That one run catches up with; older ones are left out."""


def roll_forecasts(pool: Pool, now: datetime) -> None:
    """Requests are read only on the first run of a day."""
    ahead, today = ahead_of(pool), now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    known = ForecastDay.objects.filter(pool=pool).aggregate(last=Max("day"))["last"]
    days = [day for number in range(MOST_DAYS, 0, -1) if (day := today - number * DAY) + DAY > pool.created_at]
    missing = [day for day in days if known is None or day.date() > known]
    if ahead is None or not missing:
        return
    history = asked_of(pool)
    ForecastDay.objects.bulk_create(
        [ForecastDay(pool=pool, day=day.date(), **outcome(pool, ahead, day, history)._asdict()) for day in missing],
        ignore_conflicts=True,
    )
