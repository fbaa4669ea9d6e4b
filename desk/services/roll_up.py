"""Adds up what the desk's pages show: days of requests and money here, hours of machines in roll_hours.py,
and in roll_forecasts.py what forecasts said.

Each row is written anew from the jobs until nothing of it can change, so running twice, late or at once is the same.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django_scopes import scopes_disabled

from desk.models import PoolDay
from desk.services.roll_forecasts import roll_forecasts
from desk.services.roll_hours import forget_hours, roll_hours
from era_platform.common import clock
from jobs.models import Job
from pricing.models import Pool

DAY = timedelta(days=1)

_ASKED = """
INSERT INTO desk_poolday (pool_id, day, asked, accepted, value, value_accepted, settled, paid, credit)
SELECT pool_id, (submitted_at AT TIME ZONE 'UTC')::date, COUNT(*), COUNT(*) FILTER (WHERE state <> 'rejected'),
    SUM(value), COALESCE(SUM(value) FILTER (WHERE state <> 'rejected'), 0), 0, 0, 0
FROM jobs_job WHERE pool_id = %(pool)s AND submitted_at >= %(since)s AND submitted_at < %(until)s GROUP BY 1, 2
ON CONFLICT (pool_id, day) DO UPDATE SET asked = EXCLUDED.asked, accepted = EXCLUDED.accepted,
    value = EXCLUDED.value, value_accepted = EXCLUDED.value_accepted
"""
_PAID = """
INSERT INTO desk_poolday (pool_id, day, asked, accepted, value, value_accepted, settled, paid, credit)
SELECT pool_id, (start_at AT TIME ZONE 'UTC')::date, 0, 0, 0, 0, COUNT(*), COALESCE(SUM(paid), 0), SUM(credit)
FROM jobs_job
WHERE pool_id = %(pool)s AND start_at >= %(since)s AND start_at < %(until)s AND settled_at IS NOT NULL GROUP BY 1, 2
ON CONFLICT (pool_id, day) DO UPDATE SET settled = EXCLUDED.settled, paid = EXCLUDED.paid, credit = EXCLUDED.credit
"""
_REFUSED = """
INSERT INTO desk_refusalday (pool_id, day, reason, jobs)
SELECT pool_id, (submitted_at AT TIME ZONE 'UTC')::date, reason, COUNT(*) FROM jobs_job
WHERE pool_id = %(pool)s AND submitted_at >= %(since)s AND submitted_at < %(until)s AND state = 'rejected'
GROUP BY 1, 2, 3
ON CONFLICT (pool_id, day, reason) DO UPDATE SET jobs = EXCLUDED.jobs
"""


def roll_up() -> None:
    """All pools, from what was rolled up before to now."""
    now = clock.now()
    with scopes_disabled():
        for pool in Pool.objects.order_by("pk"):
            with transaction.atomic():
                roll_days(pool, now)
            roll_hours(pool, now)
            roll_forecasts(pool, now)
        forget_hours(now)


def roll_days(pool: Pool, now: datetime) -> None:
    """Days whose jobs may have come, or been settled, since the last time: a horizon and two days back."""
    known = PoolDay.objects.filter(pool=pool).aggregate(last=Max("day"))["last"]
    first = Job.objects.filter(pool=pool).aggregate(first=Min("submitted_at"))["first"]
    if first is None:
        return
    since = _midnight(first)
    if known:
        reach = timedelta(seconds=2 * pool.slot_seconds * pool.horizon_slots) + 2 * DAY
        since = max(since, min(datetime(known.year, known.month, known.day, tzinfo=UTC), _midnight(now)) - reach)
        since = _midnight(since)
    span: dict[str, Any] = {"pool": pool.pk, "since": since, "until": _midnight(now) + DAY}
    with connection.cursor() as cursor:
        for statement in (_ASKED, _PAID, _REFUSED):
            cursor.execute(statement, span)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
