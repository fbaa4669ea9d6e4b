"""Recomputes decisions from what was kept of them, and says where something else comes out.

The book as it stood is the sum of its entries up to a number, the forecast is a version that is never
changed, and `quotes.decide_on` is the function that decided.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from era_platform.common import clock
from era_platform.common.money import format_credits
from pricing.book import Book
from pricing.decisions import OFFERS_VERSION, Terms
from pricing.domain import Ask, Configuration, Reason
from pricing.kernel import KERNEL_VERSION
from pricing.models import Forecast, Pool
from pricing.selectors.replay import Replay
from pricing.services import quotes
from pricing.services.quotes import Quote


@dataclass(frozen=True)
class Receipt:
    """What is kept of a decision: first what it came from, then what came out. `price` is micro-credits.

    `chosen` is the one of the ask's configurations that won, on refusal the one that was nearest to it.

    `reason` is empty where it was accepted, and can be one that is not the market's: then the market would
    have sold at `price`, and something else stood against it.
    """

    ask: Ask
    decided_at: datetime
    book_number: int
    forecast_version: int
    kernel_version: str
    offers_version: str
    terms: dict[str, Any]

    chosen: Configuration
    reason: str
    price: int | None
    start_slot: int | None
    end_slot: int | None
    alternatives: list[dict[str, Any]]


class Difference(NamedTuple):
    """What is recorded and what comes out, as text."""

    field: str
    recorded: str
    recomputed: str


@dataclass(frozen=True)
class Recomputed:
    """What comes out now: the book as it stood, good until its replay goes on, and the answer on it."""

    book: Book
    quote: Quote


@dataclass(frozen=True)
class Verdict:
    """`fault` says why it can't be recomputed, and `again` is None then."""

    differences: tuple[Difference, ...] = ()
    fault: str = ""
    again: Recomputed | None = None

    @property
    def equal(self) -> bool:
        return not self.differences and not self.fault


def verify(receipt: Receipt, pool: Pool, replay: Replay | None = None) -> Verdict:
    """Whether the decision comes out as it is recorded. `replay` spares reading the pool's book anew.

    What binds is always compared: acceptance, reason, price, start and end. Alternatives bind nobody, and are
    compared if the version that made them is the one that is here.
    """
    if receipt.kernel_version != KERNEL_VERSION:
        return Verdict(
            fault=_("It was decided by the kernel {then}, and this platform has {now}.").format(
                then=receipt.kernel_version, now=KERNEL_VERSION
            )
        )
    try:
        again = recompute(receipt, pool, replay or Replay(pool))
    except (LookupError, ValueError, TypeError, Forecast.DoesNotExist) as error:
        return Verdict(fault=str(error))
    return Verdict(tuple(_differences(receipt, again.quote)), again=again)


def recompute(receipt: Receipt, pool: Pool, replay: Replay) -> Recomputed:
    """Raises TypeError for terms that are not known here, LookupError and ValueError for a book with gaps."""
    terms = Terms.read(receipt.terms)
    book = replay.at(receipt.book_number, *terms.span(receipt.decided_at))
    quote = quotes.decide_on(book, _as_it_was(pool, receipt, terms), receipt.ask, now=receipt.decided_at)
    return Recomputed(book, quote)


def _as_it_was(pool: Pool, receipt: Receipt, terms: Terms) -> Pool:
    then = copy(pool)
    then.book_number, then.forecast_version = receipt.book_number, receipt.forecast_version
    for name, value in terms.kept().items():
        setattr(then, name, value)
    return then


def _differences(receipt: Receipt, quote: Quote) -> Iterator[Difference]:
    recorded = {
        "configuration": receipt.chosen,
        "reason": receipt.reason,
        "price": receipt.price,
        "start": receipt.start_slot,
        "end": receipt.end_slot,
    }
    comes_out = _outcome(receipt, quote)
    for name, was in recorded.items():
        if was != comes_out[name]:
            yield Difference(name, _told(name, was, quote), _told(name, comes_out[name], quote))
    if quote.answer.reason and receipt.offers_version == OFFERS_VERSION:
        described = [quotes.describe(quote, each) for each in quote.answer.alternatives]
        if described != receipt.alternatives:
            yield Difference("alternatives", str(receipt.alternatives), str(described))


def _outcome(receipt: Receipt, quote: Quote) -> dict[str, Any]:
    """What should be recorded of this answer."""
    answer, offer = quote.answer, quote.answer.offer
    outcome = {
        "configuration": quote.configuration,
        "reason": str(answer.reason or ""),
        "price": offer.total if offer else None,
        "start": None,
        "end": None,
    }
    if answer.reason or offer is None:
        return outcome
    if receipt.reason and receipt.reason not in set(Reason):
        return outcome | {"reason": receipt.reason}
    return outcome | {"start": offer.start_slot, "end": offer.end_slot}


def _told(name: str, value: Any, quote: Quote) -> str:
    if name == "reason":
        return value or _("accepted")
    if value is None:
        return _("none")
    if name == "configuration":
        return ", ".join(f"{part} {each}" for part, each in value._asdict().items())
    if name == "price":
        return format_credits(value)
    return clock.slot_start(value, quote.pool.slot_seconds).isoformat()
