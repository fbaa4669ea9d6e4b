"""Answers to asks: a quote binds nobody; `decide` is what both quotes and reservations come from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from era_platform.common import clock
from era_platform.common.errors import Conflict
from era_platform.common.money import format_credits
from pricing import decisions, market
from pricing.book import Book, Int64Array
from pricing.decisions import Terms
from pricing.domain import (
    Alternative,
    AlternativeKind,
    Answer,
    Ask,
    Configuration,
    MenuEntry,
    Offer,
    Window,
)
from pricing.kernel import PriceTable
from pricing.menus import menu
from pricing.models import Pool
from pricing.selectors import books, tables
from pricing.services import limits


@dataclass(frozen=True)
class Quote:
    """An answer, with what is needed to recompute it.

    `curve` holds the total of each start, -1 where none; it and `menu` are of the configuration that won.
    """

    pool: Pool
    ask: Ask
    answer: Answer
    decided_at: datetime
    book_number: int
    forecast_version: int
    curve: Int64Array | None = None
    menu: tuple[MenuEntry, ...] = ()

    @property
    def configuration(self) -> Configuration:
        """The one that won, or on refusal the one that was nearest to it."""
        return self.ask.configurations[self.answer.way]

    def moment(self, slot: int) -> datetime:
        return clock.slot_start(slot, self.pool.slot_seconds)


def quote(pool: Pool, ask: Ask, *, with_curve: bool = False) -> Quote:
    """What the market would answer now, with a menu.

    Raises Conflict where the pool is closed for sale, InvalidInput where the ask is not of a size that it takes.
    """
    check_open(pool)
    limits.check(pool, ask)
    return decide(pool, ask, now=clock.now(), with_menu=True, with_curve=with_curve)


def decide(pool: Pool, ask: Ask, *, now: datetime, with_menu: bool = False, with_curve: bool = False) -> Quote:
    """The answer at `now`, on the book as `pool` knows it: binding while the pool's row is locked."""
    with books.current(pool, *Terms.of(pool).span(now)) as book:
        return decide_on(book, pool, ask, now=now, with_menu=with_menu, with_curve=with_curve)


def decide_on(
    book: Book, pool: Pool, ask: Ask, *, now: datetime, with_menu: bool = False, with_curve: bool = False
) -> Quote:
    """The answer at `now` on this book, by the pool's terms and forecast: what receipts are recomputed by, too."""
    table = tables.table(pool.pk, pool.forecast_version, most_units(book))
    answer = decisions.decide(book, table, Terms.of(pool), ask, now)
    units = ask.configurations[answer.way].units
    curve = curve_on(book, table, answer.window, units) if with_menu or with_curve else None
    entries = () if curve is None else menu(curve, first_start=answer.window.start, slots=answer.window.slots)
    return Quote(
        pool,
        ask,
        answer,
        now,
        book.number,
        pool.forecast_version,
        curve if with_curve else None,
        entries if with_menu else (),
    )


def check_open(pool: Pool) -> None:
    if not pool.is_open:
        text = (
            _("The pool {pool} is closed for sale: {why}")
            if pool.closed_reason
            else _("The pool {pool} is closed for sale.")
        )
        raise Conflict(text.format(pool=pool.slug, why=pool.closed_reason), code="pool_closed", field="pool")


def warm(pool: Pool) -> None:
    """Bring this process's book and tables up to date, so that less is left to do under the pool's lock."""
    with books.current(pool, *Terms.of(pool).span(clock.now())) as book:
        tables.table(pool.pk, pool.forecast_version, most_units(book))
    tables.row_id(pool.pk, pool.forecast_version)


def describe(quote: Quote, alternative: Alternative) -> dict[str, Any]:
    """An alternative as it is told and kept: what to ask for, and what would come of it."""
    value, offer = alternative.value, alternative.offer
    duration = quote.ask.configurations[alternative.way].duration
    if alternative.kind is AlternativeKind.DURATION:
        duration = (offer.end_slot - offer.start_slot) * quote.pool.slot_seconds
    return {
        "kind": alternative.kind.value,
        "units": alternative.units,
        "duration": duration,
        "value": None if value is None else format_credits(value),
        "deadline": _iso(quote, alternative.deadline_slot),
        **_told(quote, offer),
    }


def describe_entry(quote: Quote, entry: MenuEntry) -> dict[str, Any]:
    """An entry of the menu as it is told: the ask that gets this very start, at this price while prices stand."""
    offer, asked = entry.offer, quote.configuration
    value = None if asked.value is None else format_credits(max(asked.value, offer.total))
    dearest = quote.menu[0].offer.total
    return {
        "kind": entry.kind.value,
        "units": asked.units,
        "duration": asked.duration,
        "earliest": _iso(quote, offer.start_slot),
        "deadline": _iso(quote, offer.end_slot),
        "value": value,
        **_told(quote, offer),
        "saving_percent": round(100 * (dearest - offer.total) / dearest, 1) if dearest else 0.0,
    }


def _told(quote: Quote, offer: Offer) -> dict[str, str]:
    return {
        "price": format_credits(offer.total),
        "start": _iso(quote, offer.start_slot),
        "end": _iso(quote, offer.end_slot),
    }


def _iso(quote: Quote, slot: int) -> str:
    return quote.moment(slot).isoformat().replace("+00:00", "Z")


def curve_on(book: Book, table: PriceTable, wanted: Window, units: int) -> Int64Array:
    """The total of each start of the window, -1 where it doesn't fit; empty where none can."""
    fits = units <= book.capacity_at_most(wanted.start, wanted.horizon)
    return market.curve(book, table, wanted, units) if fits else book.promised[:0]


def most_units(book: Book) -> int:
    """How many units a table for this book must reach to."""
    return max(int(book.capacity.max(initial=0)), 1)
