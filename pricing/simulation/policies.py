"""The policies that are compared: who is served, from when on, and for how much.

Those with prices decide through the portal's kernel on the portal's book, one request after the other.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from era_platform.common.money import MICRO
from pricing.book import Book, Change, Int64Array
from pricing.forecasting import History, fit, season_of
from pricing.forecasting.curves import utilization
from pricing.forecasting.weekly import weekly
from pricing.kernel import PriceTable, decide, replay
from pricing.prior import utilization_prior
from pricing.simulation.backfill import easy_backfill
from pricing.simulation.workload import Workload

Progress = Callable[[int], None]
"""Told how many requests have been dealt with."""
TableIn = Callable[[int, History], PriceTable]
"""The prices of a slot, made of the requests that came before."""


@dataclass(frozen=True)
class Outcome:
    """For each request sold to: its start (-1: refused) and what it pays (micro-credits); nanoseconds a decision."""

    starts: Int64Array
    prices: Int64Array
    nanoseconds: Int64Array


@dataclass(frozen=True)
class Options:
    """`price`: what first-fit asks for a unit and hour, in credits. `refit_seconds`: how often forecasts are made."""

    price: float = 0.0
    refit_seconds: int = 6 * 3_600


def first_fit(workload: Workload, options: Options, progress: Progress) -> Outcome:
    """One price for all, the earliest start that is free."""
    return _posted(workload, _always(_flat(workload, options.price)), None, progress)


def best_fixed(workload: Workload, options: Options, progress: Progress) -> Outcome:
    """First-fit at the one price that turns out best: found with hindsight, as nobody could."""
    sold_to = workload.sold_to
    candidates = np.unique(np.rint(np.concatenate(([0.0], np.quantile(sold_to.density, np.linspace(0, 0.98, 50))))))
    requests = sold_to.from_slot(int(sold_to.arrival[0]))

    def served(price: int) -> int:
        sums = price * np.arange(workload.units + 1, dtype=np.int64)[None, :]
        starts = replay(sums, np.zeros(1, dtype=np.int64), **vars(requests))
        return sum(requests.value[starts >= 0].tolist())

    best = max(candidates.astype(np.int64).tolist(), key=served)
    table = PriceTable([[]], [0], floor=best, max_units=workload.units)
    return _posted(workload, _always(table), None, progress)


def by_utilization(workload: Workload, options: Options, progress: Progress) -> Outcome:
    """What a pool without a history does: prices rise with what is sold, around the list price, the median of
    what was paid for before."""
    curve = utilization_prior(workload.units, **_prices(workload.requests[: workload.first] or workload.requests[:1]))
    steps = [(price, demanded) for price, demanded in curve]
    table = PriceTable([steps], [0], floor=0, max_units=workload.units)
    return _posted(workload, _always(table), None, progress)


def basic_econ(workload: Workload, options: Options, progress: Progress) -> Outcome:
    """Basic-Econ with the naive weekly forecast, made anew as often as ours."""

    def table(now: int, past: History) -> PriceTable:
        curves, curve_of = weekly(past, slot_seconds=workload.slot_seconds)
        steps = [[(price, demanded) for price, demanded in curve] for curve in curves]
        return PriceTable(steps, curve_of, floor=0, max_units=workload.units)

    return _posted(workload, table, options, progress)


def era(workload: Workload, options: Options, progress: Progress) -> Outcome:
    """Ours: the kernel with the forecast of `pricing.forecasting`, fitted on the past only."""
    reach = int((workload.requests.end - workload.requests.arrival).max()) + 1
    season = reach + _slots(options, workload) + 1
    prior = _prior(workload)

    def table(now: int, past: History) -> PriceTable:
        made = fit(
            past,
            units=workload.units,
            now=now,
            slot_seconds=workload.slot_seconds,
            horizon_slots=reach,
            prior=prior,
        ).forecast
        curve_of = season_of(made.lags, made_in=now, first=now, season=season)
        steps = [[(price, demanded) for price, demanded in curve] for curve in made.curves]
        return PriceTable(steps, curve_of, floor=0, max_units=workload.units)

    return _posted(workload, table, options, progress)


def backfill(workload: Workload, options: Options, progress: Progress) -> Outcome:
    """EASY backfilling: a queue without prices or promises; who can't end in time any more is dropped."""
    began = time.perf_counter_ns()
    starts = easy_backfill(workload.sold_to, workload.units)
    each = (time.perf_counter_ns() - began) // max(len(starts), 1)
    progress(len(starts))
    return Outcome(starts, np.zeros_like(starts), np.full_like(starts, each))


POLICIES: dict[str, Callable[[Workload, Options, Progress], Outcome]] = {
    "first-fit": first_fit,
    "best-fixed": best_fixed,
    "backfill": backfill,
    "utilization": by_utilization,
    "basic-econ": basic_econ,
    "era": era,
}


def _posted(workload: Workload, table_in: TableIn, refit: Options | None, progress: Progress) -> Outcome:
    """Deals with the requests in order, each at the prices of its moment."""
    requests = workload.sold_to
    book = Book(0, int(workload.requests.end.max()) + 1)
    book.load([Change(1, 0, book.end_slot, 0, workload.units)], 1)
    starts = np.full(len(requests), -1, dtype=np.int64)
    prices, took = np.zeros_like(starts), np.zeros_like(starts)
    table, due = None, 0
    columns = (requests.arrival, requests.units, requests.slots, requests.start, requests.end, requests.value)
    for j, (now, units, slots, start, end, value) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if table is None or (refit and now >= due):
            table, due = (
                table_in(now, workload.requests[: workload.first + j]),
                now + (_slots(refit, workload) if refit else 0),
            )
        began = time.perf_counter_ns()
        offer = decide(
            table, book.promised, book.capacity, first_slot=0, units=units, slots=slots, start=start, end=end
        )
        took[j] = time.perf_counter_ns() - began
        if offer and value >= offer.total:
            starts[j], prices[j] = offer
            book.apply(Change(book.number + 1, offer.start, offer.start + slots, units, 0))
        progress(j + 1)
    return Outcome(starts, prices, took)


def _always(table: PriceTable) -> TableIn:
    return lambda now, past: table


def _flat(workload: Workload, credits_an_hour: float) -> PriceTable:
    price = round(credits_an_hour * MICRO * workload.slot_seconds / 3_600)
    return PriceTable([[]], [0], floor=price, max_units=workload.units)


def _prices(past: History) -> dict[str, int]:
    listed = max(1, int(np.median(past.density)))
    return {"floor": listed // 10, "listed": listed, "ceiling": listed * 10}


def _prior(workload: Workload) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The price of each step before anything is known: from a tenth of the list price to ten times it."""
    past = workload.requests[: workload.first] or workload.requests[:1]
    return float(np.median(past.density)) * 10 ** (2 * utilization(workload.units) - 1)


def _slots(options: Options, workload: Workload) -> int:
    return max(1, options.refit_seconds // workload.slot_seconds)
