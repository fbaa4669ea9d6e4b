"""Explains a decision from what it was recomputed from."""

from dataclasses import dataclass

import numpy as np

from pricing import explanations
from pricing.book import Int64Array
from pricing.domain import Offer
from pricing.explanations import Curve, Line, Season, Stretch
from pricing.models import Forecast, Pool
from pricing.selectors import books, tables
from pricing.services import quotes
from pricing.services.receipts import Recomputed

MOST_LINES = 400
_TOGETHER = (1, 3_600, 21_600, 86_400, 7 * 86_400)  # seconds


@dataclass(frozen=True)
class Explanation:
    """`totals` holds what each start of the window would have cost, -1 where it did not fit.

    `season` has the demand that was expected in it; see `explanations` for `stretches`, `lines`.
    """

    forecast: Forecast
    season: Season
    stretches: list[Stretch]
    totals: Int64Array
    lines: list[Line]

    def curve_at(self, slot: int) -> Curve:
        return self.season.curves[int(self.season.at(slot, slot + 1)[0])]


@dataclass(frozen=True)
class Starts:
    """The starts of a window that fitted: the first, the last and the dearest of them, and how many there were."""

    count: int
    first: Offer
    last: Offer
    dearest: Offer


def explain(again: Recomputed) -> Explanation:
    quote, book = again.quote, again.book
    forecast = Forecast.objects.select_related("pool").get(pool=quote.pool.pk, version=quote.forecast_version)
    season = Season(forecast.curves, tables.curve_of(forecast))
    table = tables.table(quote.pool.pk, quote.forecast_version, quotes.most_units(book))
    window, offer = quote.answer.window, quote.answer.offer
    run = []
    if offer:
        together = _together(offer.end_slot - offer.start_slot, quote.pool.slot_seconds)
        run = explanations.lines(book, table, season, offer, quote.configuration.units, together)
    totals = quotes.curve_on(book, table, window, quote.configuration.units)
    return Explanation(forecast, season, explanations.stretches(book, season, window), totals, run)


def slot_prices(pool: Pool, *, book_number: int, version: int, units: int, start: int, end: int) -> list[int]:
    """What `units` units cost in each slot of [start, end), in micro-credits, by book and forecast as they stood.

    Reads no more of the book than these slots: it is asked for whenever a job is settled.
    """
    book = books.as_of(pool, book_number, start, end)
    table = tables.table(pool.pk, version, quotes.most_units(book))
    return [int(cost) for cost in explanations.costs(book, table, units, start, end)]


def starts(totals: Int64Array, first_slot: int, slots: int) -> Starts | None:
    """None where no start fitted."""
    fits = np.flatnonzero(totals >= 0)
    if not fits.size:
        return None
    first, last, dearest = (
        Offer(first_slot + int(at), first_slot + int(at) + slots, int(totals[at]))
        for at in (fits[0], fits[-1], int(totals.argmax()))
    )
    return Starts(fits.size, first, last, dearest)


def _together(slots: int, slot_seconds: int) -> int:
    """How many slots a line takes together: hours, or more where there would be too many lines."""
    wholes = [max(1, seconds // slot_seconds) for seconds in _TOGETHER]
    hours = wholes[1] if slots > wholes[1] else 1
    return next((each for each in wholes if each >= hours and slots <= each * MOST_LINES), wholes[-1])
