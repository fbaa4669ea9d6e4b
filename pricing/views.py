"""Pages about pools: what is sold, its price and free units slot by slot, and live quotes for forms."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.selectors import wallet_of
from era_platform.common.errors import InvalidInput
from era_platform.common.money import MICRO
from pricing.domain import MAX_UNITS
from pricing.forms import QuoteForm
from pricing.models import Pool
from pricing.runs import credit_runs, runs
from pricing.selectors.pools import pool_by_slug
from pricing.selectors.prices import next_slot, slot_prices
from pricing.services import quotes

_FIELD_OF = {"duration": "duration_amount"}


@require_safe
@organization_page()
def pools(request: OrganizationRequest) -> HttpResponse:
    """pricing/pools.html: `pools`, each with `now` (a NextSlot)."""
    shown = [{"pool": pool, "now": next_slot(pool)} for pool in Pool.objects.all()]
    return render(request, "pricing/pools.html", {"pools": shown})


@require_safe
@organization_page()
def pool(request: OrganizationRequest, slug: str) -> HttpResponse:
    """pricing/pool.html: `pool`, `now`, `units` (how many the prices are for)."""
    found = pool_by_slug(slug)
    context = {"pool": found, "now": next_slot(found), "units": _units(request)}
    return render(request, "pricing/pool.html", context)


@require_safe
@never_cache
@organization_page()
def pool_prices(request: OrganizationRequest, slug: str) -> JsonResponse:
    """`start` (Unix), `step`, `slots`, and runs of `free`, `capacity` and `cost` (credits for `units` units)."""
    found = slot_prices(pool_by_slug(slug), units=_units(request))
    return JsonResponse(
        {
            "start": round(found.moment(0).timestamp()),
            "step": found.pool.slot_seconds,
            "slots": len(found.free),
            "units": found.units,
            "free": runs(found.free),
            "capacity": runs(found.capacity),
            "cost": credit_runs(found.costs),
        }
    )


@require_safe
@never_cache
@organization_page()
def pool_quote(request: OrganizationRequest, slug: str) -> JsonResponse:
    """The answer as a piece of page (`html`), its price, and the curve as runs to draw.

    400 with `errors` by field where the form is not complete yet, and with `html` beside them where the pool
    takes no request of this size, or one that can't be split over its nodes.
    """
    form = QuoteForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=400)
    try:
        quote = quotes.quote(pool_by_slug(slug), form.ask(), with_curve=True)
    except InvalidInput as invalid:
        errors = {_FIELD_OF.get(invalid.field, invalid.field): [invalid.detail]}
        html = render_to_string("pricing/outside.html", {"detail": invalid.detail}, request)
        return JsonResponse({"errors": errors, "html": html}, status=400)
    available = wallet_of(request.organization).available
    return JsonResponse(_told(request, quote, available))


def _told(request: HttpRequest, quote: quotes.Quote, available: int) -> dict[str, Any]:
    answer, offer = quote.answer, quote.answer.offer
    window = answer.window
    context = {
        "quote": quote,
        "answer": answer,
        "ways": _ways(quote),
        "reason": answer.reason.value if answer.reason else "",
        "price": offer.total if offer else None,
        "start": quote.moment(offer.start_slot) if offer else None,
        "end": quote.moment(offer.end_slot) if offer else None,
        "available": available,
        "missing": max(0, offer.total - available) if offer and answer.accepted else 0,
        "alternatives": [quotes.describe(quote, alternative) for alternative in answer.alternatives],
        "menu": _menu(quote),
    }
    step = quote.pool.slot_seconds
    return {
        "html": render_to_string("pricing/quote.html", context, request),
        "menu_html": render_to_string("pricing/menu.html", context, request) if context["menu"] else "",
        "menu": [{"start": entry.offer.start_slot * step, "price": entry.offer.total / MICRO} for entry in quote.menu],
        "accepted": answer.accepted,
        "price": offer.total / MICRO if offer else None,
        "value": None if quote.ask.value is None else quote.ask.value / MICRO,
        "start": offer.start_slot * step if offer else None,
        "end": offer.end_slot * step if offer else None,
        "affordable": not context["missing"],
        "curve": {
            "start": window.start * step,
            "step": step,
            "length": 0 if quote.curve is None else len(quote.curve),
            "price": [] if quote.curve is None else credit_runs(quote.curve),
        },
    }


def _ways(quote: quotes.Quote) -> list[dict[str, Any]]:
    """The configurations of a flexible ask and what each came to; none where only one was asked for."""
    if not quote.ask.also:
        return []
    return [
        {
            "units": asked.units,
            "duration": asked.duration,
            "price": priced.offer.total if priced.offer else None,
            "reason": priced.reason.value if priced.reason else "",
            "is_chosen": place == quote.answer.way,
        }
        for place, (asked, priced) in enumerate(zip(quote.ask.configurations, quote.answer.priced, strict=True))
    ]


def _menu(quote: quotes.Quote) -> list[dict[str, Any]]:
    """The entries of the menu as the page shows them, each with whether it costs more than it was said to be worth.

    None where there is nothing to choose: every start that waits costs the same or more.
    """
    value = quote.ask.value
    if len({entry.offer for entry in quote.menu}) < 2:
        return []
    return [
        quotes.describe_entry(quote, entry)
        | {"is_chosen": entry.offer == quote.answer.offer, "is_dear": value is not None and entry.offer.total > value}
        for entry in quote.menu
    ]


def _units(request: HttpRequest) -> int:
    """`units` of the address; 1 where it isn't given. Raises InvalidInput."""
    text = request.GET.get("units") or "1"
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_UNITS):
        raise InvalidInput(
            _("units must be a whole number from 1 to {limit}, not “{value}”.").format(
                limit=MAX_UNITS, value=text[:40]
            ),
            field="units",
        )
    return int(text)
