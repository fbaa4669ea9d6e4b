"""Publishes forecasts: each is a new version, in use from the next decision on."""

import time
from typing import Any

from django.db import transaction

from pricing import forecasting
from pricing.forecasting import History
from pricing.forecasting.curves import Curve
from pricing.models import Forecast, Pool
from pricing.prior import step_prices, utilization_prior
from pricing.services import book


def publish_prior(pool: Pool) -> Forecast:
    """Give a pool without history (its row locked, or just made) the forecast made of its prices alone."""
    return publish(pool, **_prior(pool))


def publish_for_policy(pool: Pool) -> Forecast:
    """Publish `for_policy(pool)`; the pool's row is locked."""
    return publish(pool, **_for_policy(pool))


def for_policy(pool: Pool) -> Forecast:
    """What a pool of these prices goes on with until its next refit, not saved: what it has learnt, held between
    floor and ceiling; the prior by utilization where it has learnt nothing, or is not to go by it."""
    return Forecast(pool=pool, version=pool.forecast_version, **{**_rest_of(pool), **_for_policy(pool)})


def refit(pool: Pool, history: History) -> Forecast | None:
    """Fit a forecast to what was asked of the pool, as it was read, and publish it.

    The fit takes seconds and holds no lock; only the new version is written under the pool's. What an operator
    has changed in the meantime holds: prices stay within floor and ceiling, and where the forecast is switched
    off nothing is published.
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
        locked = book.lock_pool(pool.pk)
        if not locked.uses_forecast:
            return None
        return publish(
            locked,
            method="back-test",
            curves=[_held(curve, locked) for curve in made.forecast.curves],
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
        **{**_rest_of(pool), **fields},
    )


def _rest_of(pool: Pool) -> dict[str, Any]:
    return {"floor_price": pool.floor_price, "curve_of": []}


def _prior(pool: Pool) -> dict[str, Any]:
    curve = utilization_prior(pool.units, floor=pool.floor_price, listed=pool.list_price, ceiling=pool.ceiling_price)
    return {"method": "utilization-prior", "curves": [curve], "curve_of": [0], "curve_slots": 1}


def _for_policy(pool: Pool) -> dict[str, Any]:
    latest = Forecast.objects.filter(pool=pool, version=pool.forecast_version).first()
    if not pool.uses_forecast or latest is None or latest.lags is None:
        return _prior(pool)
    return {
        "method": latest.method,
        "curves": [_held(curve, pool) for curve in latest.curves],
        "made_in": latest.made_in,
        "lags": latest.lags,
        "requests": latest.requests,
        "findings": {"from_version": latest.version},
    }


def _held(curve: Curve, pool: Pool) -> Curve:
    """The curve with prices between the pool's floor and ceiling; steps that then cost the same become one."""
    steps: dict[int, int] = {}
    for price, demanded in curve:
        held = min(max(price, pool.floor_price), pool.ceiling_price)
        steps[held] = max(steps.get(held, 0), demanded)
    return [[price, demanded] for price, demanded in sorted(steps.items(), reverse=True)]
