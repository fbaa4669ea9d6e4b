"""Publishes forecasts: each is a new version, in use from the next decision on."""

import time
from typing import Any

from django.db import transaction

from pricing import forecasting
from pricing.forecasting import History
from pricing.models import Forecast, Pool
from pricing.prior import step_prices, utilization_prior
from pricing.services import book


def publish_prior(pool: Pool) -> Forecast:
    """Give a pool without history (its row locked, or just made) the forecast made of its prices alone."""
    curve = utilization_prior(pool.units, floor=pool.floor_price, listed=pool.list_price, ceiling=pool.ceiling_price)
    return publish(pool, method="utilization-prior", curves=[curve], curve_of=[0], curve_slots=1)


def refit(pool: Pool, history: History) -> Forecast:
    """Fit a forecast to what was asked of the pool, as it was read, and publish it.

    The fit takes seconds and holds no lock; only the new version is written under the pool's.
    """
    now, began = pool.slot_now(), time.monotonic()
    prior = step_prices(pool.units, floor=pool.floor_price, listed=pool.list_price, ceiling=pool.ceiling_price)
    made = forecasting.fit(
        history,
        units=pool.units,
        now=now,
        slot_seconds=pool.slot_seconds,
        horizon_slots=pool.horizon_slots,
        prior=prior.astype(float),
        floor=pool.floor_price,
        ceiling=pool.ceiling_price,
    )
    findings = {
        "shape": made.shape and made.shape._asdict(),
        "weight": round(made.weight, 4),
        "served": round(made.served, 4),
        "seconds": round(time.monotonic() - began, 3),
    }
    with transaction.atomic():
        return publish(
            book.lock_pool(pool.pk),
            method="back-test",
            curves=made.forecast.curves,
            made_in=now,
            lags=made.forecast.lags,
            requests=made.requests,
            findings=findings,
        )


def publish(pool: Pool, *, method: str, curves: list[list[list[int]]], **fields: Any) -> Forecast:
    """Make the next version of the forecast of `pool`, its row locked. `fields` are those of the model."""
    pool.forecast_version += 1
    pool.save(update_fields=["forecast_version"])
    return Forecast.objects.create(
        pool=pool,
        version=pool.forecast_version,
        method=method,
        curves=curves,
        floor_price=pool.floor_price,
        **{"curve_of": [], **fields},
    )
