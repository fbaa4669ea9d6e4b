"""Forecasts are made anew from every job that was asked for, and are what the next decision is priced by."""

from datetime import timedelta

import numpy as np
import pytest

from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.services import refit
from pricing.forecasting import History
from pricing.kernel import slot_costs
from pricing.models import Forecast, Pool
from pricing.selectors import tables
from pricing.services import forecasts, pools
from tests.factories import Tenant, a_pool
from tests.jobs.test_submit import submitted
from tests.jobs.ways import reserved

pytestmark = pytest.mark.django_db


def latest(pool: Pool) -> Forecast:
    pool.refresh_from_db()
    return Forecast.objects.get(pool=pool, version=pool.forecast_version)


def test_a_pool_that_nobody_asked_keeps_its_prior(pool: Pool) -> None:
    assert refit.refit_all() == 0
    assert latest(pool).method == "utilization-prior"


def test_a_new_version_says_what_it_has_learnt_from(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    assert refit.refit_all() == 1
    forecast = latest(pool)
    assert (forecast.version, forecast.method, forecast.requests) == (2, "back-test", 1)
    assert forecast.made_in == pool.slot_now()
    assert forecast.lags is not None
    assert len(forecast.lags) == len(forecast.curves)
    assert set(forecast.findings) == {"shape", "weight", "served", "seconds"}


def test_refused_jobs_are_learnt_from_and_impossible_ones_are_not(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    refused = submitted(ours, pool=pool.slug, units=2, duration=120, value=1, deadline=clock.now() + timedelta(hours=1))
    late = submitted(
        ours, pool=pool.slug, units=2, duration=7200, value=MICRO, deadline=clock.now() + timedelta(hours=1)
    )
    assert (refused.reason, late.reason) == ("price_above_value", "window_too_short")
    assert sorted(refit.history_of(pool).value.tolist()) == [1, 10 * MICRO]


def test_each_pool_learns_from_its_own_jobs_only(ours: Tenant, pool: Pool) -> None:
    other = a_pool()
    reserved(ours, pool)
    assert len(refit.history_of(other)) == 0
    assert refit.refit_all() == 1
    assert latest(other).version == 1


def test_a_closed_pool_is_left_alone(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    Pool.objects.filter(pk=pool.pk).update(is_open=False)
    assert refit.refit_all() == 0


def test_prices_of_the_new_version_are_within_floor_and_ceiling(ours: Tenant, pool: Pool) -> None:
    for _ in range(5):
        reserved(ours, pool)
    refit.refit_all()
    prices = [price for curve in latest(pool).curves for price, _ in curve]
    assert pool.floor_price <= min(prices) <= max(prices) <= pool.ceiling_price


def test_decisions_use_the_curve_of_a_slots_lag_however_long_ago_the_forecast_was_made(pool: Pool) -> None:
    from_now = pool.slot_now()
    forecast = Forecast.objects.create(
        pool=pool,
        version=7,
        method="back-test",
        curves=[[[30, 8]], [[50, 8]]],
        curve_of=[],
        made_in=from_now,
        lags=[0, 3],
        floor_price=1,
    )
    table = tables.compile_table(forecast, 8)
    late = from_now + 2 * pool.horizon_slots
    book = np.zeros(10, dtype=np.int64)
    for first, expected in ((from_now, [30, 30, 30, 50, 50]), (late, [50] * 5)):
        costs = slot_costs(table, book, book + 8, first_slot=first, units=1, start=first, end=first + 5)
        assert costs.tolist() == expected


def test_what_is_promised_keeps_its_price(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    price = job.price
    refit.refit_all()
    job.refresh_from_db()
    assert job.price == price


def test_a_pool_whose_numbers_are_too_large_is_said_so_and_the_others_are_served(
    ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserved(ours, pool)
    reserved(ours, a_pool("zzz"))
    fit, failed = forecasts.refit, list[str]()

    def first_fails(of: Pool, history: History) -> Forecast | None:
        if not failed:
            failed.append(of.slug)
            raise OverflowError("too large")
        return fit(of, history)

    monkeypatch.setattr(forecasts, "refit", first_fails)
    assert refit.refit_all() == 1
    assert len(failed) == 1


def test_prices_changed_by_an_operator_hold_at_once(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    refit.refit_all()
    pools.change_prices(actor=None, pool_id=pool.pk, floor=MICRO, listed=2 * MICRO, ceiling=3 * MICRO)
    assert latest(pool).floor_price == MICRO


def test_a_pool_that_does_not_go_by_its_forecast_is_left_alone(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    pools.change_policy(actor=None, pool_id=pool.pk, uses_forecast=False)
    assert refit.refit_all() == 0
    assert latest(pool).method == "utilization-prior"


def test_what_an_operator_changes_during_a_fit_holds(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    as_it_was_read = Pool.objects.get(pk=pool.pk)
    history = refit.history_of(pool)
    pools.change_policy(actor=None, pool_id=pool.pk, ceiling_price=pool.list_price)
    made = forecasts.refit(as_it_was_read, history)
    assert made
    assert max(price for curve in made.curves for price, _ in curve) <= pool.list_price
    pools.change_policy(actor=None, pool_id=pool.pk, uses_forecast=False)
    assert forecasts.refit(as_it_was_read, history) is None
    assert latest(pool).method == "utilization-prior"
