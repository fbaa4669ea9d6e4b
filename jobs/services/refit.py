"""Has each pool's forecast learn from every job that was asked for, accepted or refused."""

from datetime import timedelta

import structlog
from django.db import DatabaseError
from django_scopes import scopes_disabled

from era_platform.common import clock
from jobs.models import Job
from pricing.domain import Ask, window
from pricing.forecasting import History
from pricing.forecasting.fit import HALF_LIFE, LIVES, MOST_REQUESTS
from pricing.models import Pool
from pricing.services import forecasts

log = structlog.get_logger(__name__)


def refit_all() -> int:
    """A new forecast for each pool that is open, goes by it and was asked for something; returns how many."""
    made = 0
    for pool in Pool.objects.filter(is_open=True, uses_forecast=True).order_by("slug"):
        history = history_of(pool)
        if len(history):
            try:
                forecast = forecasts.refit(pool, history)
            except (ValueError, OverflowError, DatabaseError) as error:  # one pool's numbers are not the others' fault
                log.error("refit_failed", pool=pool.slug, exc_info=error)
            else:
                if forecast is None:
                    continue
                made += 1
                log.info("forecast_published", pool=pool.slug, version=forecast.version, **forecast.findings)
    return made


def history_of(pool: Pool) -> History:
    """What was asked of the pool in the time that a fit looks at."""
    since = clock.now() - timedelta(seconds=HALF_LIFE * LIVES)
    with scopes_disabled():
        rows = (
            Job.objects.filter(pool=pool, submitted_at__gte=since)
            .order_by("-submitted_at")
            .values_list("submitted_at", "units", "duration", "earliest", "deadline", "value")[:MOST_REQUESTS]
        )
        asks = [
            (at, Ask(units, duration, deadline, earliest, value))
            for at, units, duration, earliest, deadline, value in rows
        ]
    found = []
    for at, ask in asks:
        wanted = window(ask, slot_seconds=pool.slot_seconds, horizon_slots=pool.horizon_slots, now=at)
        end = min(wanted.end, wanted.horizon)
        if end - wanted.start >= wanted.slots:
            arrival = clock.slot_at(at, pool.slot_seconds)
            found.append((arrival, ask.units, wanted.slots, wanted.start, end, ask.value or 0))
    return History.of(found)
