"""How answers of the market look: prices, starts, reasons, and what would be accepted instead."""

from collections.abc import Sequence
from datetime import UTC, datetime

from era_client.commands.output import Output
from era_client.commands.tables import Column
from era_client.models import Alternative, Quote
from era_client.moments import show_duration, show_from_now, show_moment, show_short

REASONS = {
    "window_too_short": "so long a run does not fit between the earliest start and the deadline",
    "beyond_horizon": "the deadline lies further ahead than this pool is sold",
    "too_many_units": "the pool does not have so many units",
    "no_capacity": "so many units are not free for so long in that time",
    "price_above_value": "it costs more than it is worth to you",
    "insufficient_funds": "the wallet holds less than the price",
    "budget_exceeded": "a monthly limit does not allow it",
}
KINDS = {
    "value": "pay up to",
    "deadline": "be done later",
    "units": "take fewer units",
    "duration": "run shorter",
}


def why(reason: str | None) -> str:
    return REASONS.get(reason or "", reason or "no reason was given")


def when(moment: datetime | None) -> str:
    return f"{show_moment(moment)} ({show_from_now(moment, datetime.now(UTC))})" if moment else ""


def credits_(amount: object) -> str:
    return "–" if amount is None else f"{amount} credits"


def show_alternatives(out: Output, alternatives: Sequence[Alternative]) -> None:
    if not alternatives:
        out.line("Nothing near to it would be accepted now.")
        return
    out.line("What would be accepted instead:")
    columns = [
        Column("INSTEAD", shrinks=True),
        Column("VALUE", right=True),
        Column("UNITS", right=True),
        Column("DURATION", right=True),
        Column("DEADLINE"),
        Column("PRICE", right=True),
        Column("START"),
    ]
    rows = [
        (
            KINDS.get(one.kind, one.kind),
            one.value,
            one.units,
            None if one.duration is None else show_duration(one.duration),
            show_short(one.deadline),
            one.price,
            show_short(one.start),
        )
        for one in alternatives
    ]
    out.table(columns, rows)


def show_quote(out: Output, quote: Quote) -> None:
    if not quote.accepted:
        out.line(f"Would be rejected: {why(quote.reason)}.", style="red")
    out.facts(
        [
            ("price", credits_(quote.price)),
            ("start", when(quote.start)),
            ("end", show_moment(quote.end) if quote.end else ""),
            ("units", quote.units),
            ("duration", show_duration(quote.duration)),
        ]
    )
    if not quote.accepted:
        show_alternatives(out, quote.alternatives)
    elif len({choice.start for choice in quote.menu}) > 1:
        _show_menu(out, quote)


def _show_menu(out: Output, quote: Quote) -> None:
    out.line("Starts to choose from:")
    rows = [
        (choice.kind, choice.price, f"{choice.saving_percent:.0f} %", show_short(choice.start), show_short(choice.end))
        for choice in quote.menu
    ]
    columns = [
        Column("WHICH"),
        Column("PRICE", right=True),
        Column("SAVES", right=True),
        Column("START"),
        Column("END"),
    ]
    out.table(columns, rows)
