"""Forecasts learn: scarcity makes prices, refused requests count, a prior is left as requests come in."""

import numpy as np

from pricing.forecasting import Fit, Forecast, History, fit
from pricing.forecasting.weekly import weekly

UNITS, HORIZON, SLOT, MICRO = 8, 200, 3_600, 1_000_000
PRIOR = np.full(UNITS, 5.0 * MICRO)


def requests(count: int, *, seed: int = 0, units: int = 2, density: float = 1.0, days: float = 10.0) -> History:
    """So many requests of 4 slots in windows of 12, spread over so many days; value densities are log-normal."""
    draw = np.random.default_rng(seed)
    arrival = np.sort(draw.integers(0, max(int(days * 24), 1), count))
    value = np.rint(draw.lognormal(0, 1, count) * density * MICRO * units * 4).astype(np.int64)
    same = np.ones(count, dtype=np.int64)
    return History(arrival, same * units, same * 4, arrival + 1, arrival + 13, value)


def fitted(history: History, *, now: int = 240, ceiling: int | None = None, floor: int = 0) -> Fit:
    return fit(
        history,
        units=UNITS,
        now=now,
        slot_seconds=SLOT,
        horizon_slots=HORIZON,
        prior=PRIOR,
        floor=floor,
        ceiling=ceiling,
    )


def dearest(forecast: Forecast) -> int:
    """What the last free unit costs far ahead."""
    return forecast.curves[-1][0][0]


def test_without_a_past_the_prior_holds_at_every_lag() -> None:
    made = fitted(History.of([]))
    assert (made.weight, made.requests, made.shape) == (0.0, 0, None)
    assert {dearest(made.forecast)} == {price for curve in made.forecast.curves for price, _ in curve} == {5 * MICRO}


def test_scarce_units_cost_more_than_plentiful_ones() -> None:
    scarce, plentiful = fitted(requests(900)), fitted(requests(30))
    assert dearest(scarce.forecast) > 2 * dearest(fitted(requests(900, density=0.1)).forecast)
    assert scarce.served < plentiful.served


def test_one_request_hardly_moves_the_prior_and_many_replace_it() -> None:
    weights = [fitted(requests(count)).weight for count in (1, 50, 2000)]
    assert weights == sorted(weights)
    assert weights[0] < 0.05
    assert weights[2] > 0.9


def test_what_comes_after_is_not_known_before() -> None:
    early, late = requests(200, days=5), requests(400, seed=9, days=5, density=50)
    later = History.of(
        (a + 240, u, s, b + 240, e + 240, v) for a, u, s, b, e, v in zip(*vars(late).values(), strict=True)
    )
    both = History(*(np.concatenate(pair) for pair in zip(vars(early).values(), vars(later).values(), strict=True)))
    assert fitted(both, now=200) == fitted(early, now=200)


def test_a_price_level_that_rises_is_followed_within_days() -> None:
    calm, busy = requests(300, days=10), requests(300, seed=3, days=3, density=20)
    later = History.of(
        (a + 240, u, s, b + 240, e + 240, v) for a, u, s, b, e, v in zip(*vars(busy).values(), strict=True)
    )
    both = History(*(np.concatenate(pair) for pair in zip(vars(calm).values(), vars(later).values(), strict=True)))
    assert dearest(fitted(both, now=312).forecast) > 3 * dearest(fitted(calm).forecast)


def test_one_enormous_job_does_not_close_the_pool() -> None:
    history = requests(400)
    giant = (239, UNITS, 150, 240, 440, 10**5 * MICRO)
    rows = [*zip(*(column.tolist() for column in vars(history).values()), strict=True), giant]
    made = fitted(History.of(rows))
    affordable = np.quantile(history.density, 0.9)
    assert min(price for price, _ in made.forecast.curves[-1]) < affordable


def test_prices_stay_between_floor_and_ceiling() -> None:
    made = fitted(requests(900), floor=MICRO // 2, ceiling=MICRO)
    prices = [price for curve in made.forecast.curves for price, _ in curve]
    assert MICRO // 2 <= min(prices) <= max(prices) <= MICRO


def test_demand_falls_as_the_price_rises_and_never_exceeds_the_pool() -> None:
    for curve in fitted(requests(900)).forecast.curves:
        prices, demanded = [price for price, _ in curve], [units for _, units in curve]
        assert prices == sorted(set(prices), reverse=True)
        assert demanded == sorted(demanded)
        assert demanded[-1] <= UNITS


def test_the_same_past_gives_the_same_forecast() -> None:
    assert fitted(requests(300)) == fitted(requests(300))


def test_requests_too_large_for_the_pool_or_worth_nothing_do_no_harm() -> None:
    nothing = requests(20, density=0.0)
    assert fitted(nothing).served == 0.0
    assert fitted(requests(20, units=UNITS + 1)).served == 0.0


def test_the_weekly_forecast_spreads_each_request_over_its_window() -> None:
    curves, curve_of = weekly(
        History.of([(0, 4, 6, 0, 12, 24 * MICRO), (167, 1, 1, 167, 168, MICRO)]), slot_seconds=3600
    )
    assert len(curve_of) == 168
    assert curves[curve_of[3]] == [[MICRO, 2]]
    assert curves[curve_of[100]] == [[MICRO, 0]]
