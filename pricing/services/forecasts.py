"""Publishes forecasts: each is a new version, in use from the next decision on."""

from pricing.models import Forecast, Pool
from pricing.prior import utilization_prior


def publish_prior(pool: Pool) -> Forecast:
    """Give a pool without history (its row locked, or just made) the forecast made of its prices alone."""
    curve = utilization_prior(pool.units, floor=pool.floor_price, listed=pool.list_price, ceiling=pool.ceiling_price)
    return publish(pool, method="utilization-prior", curves=[curve], curve_of=[0], curve_slots=1)


def publish(
    pool: Pool, *, method: str, curves: list[list[list[int]]], curve_of: list[int], curve_slots: int
) -> Forecast:
    """Make the next version of the pool's forecast, in use from the next decision on."""
    pool.forecast_version += 1
    pool.save(update_fields=["forecast_version"])
    return Forecast.objects.create(
        pool=pool,
        version=pool.forecast_version,
        method=method,
        curves=curves,
        curve_of=curve_of,
        curve_slots=curve_slots,
        floor_price=pool.floor_price,
    )
