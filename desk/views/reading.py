"""The desk's reading pages: the cluster now, the book ahead, how machines are used, and how sales go."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import staff
from accounts.models import StaffRole
from desk import periods
from desk.periods import CHOICES, Period
from desk.selectors import forecasts, reading, used
from desk.selectors.compared import compared
from desk.selectors.reading import Bucket
from desk.utilisation import Ratios
from era_platform.common.errors import InvalidInput
from jobs.selectors.cluster import standings
from pricing.models import Pool

HEIGHT, BAR = 120, 8


@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """admin/desk/now.html: `present` (see selectors/reading.py), `standings`, `most`."""
    staff.require(request.user, *StaffRole)
    shown = {"present": reading.present(), "standings": list(standings()), "most": reading.MOST}
    return _page(request, "now", _("The cluster now"), **shown)


@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """admin/desk/book.html: `pools` to choose from, `pool`, `buckets`, and `bars` to draw of them."""
    staff.require(request.user, *StaffRole)
    pools, pool = _pool(request)
    pool = pool or (pools[0] if pools else None)
    buckets = reading.book_ahead(pool) if pool else []
    chart = {"height": HEIGHT, "width": max(1, len(buckets)) * BAR, "bar": BAR}
    shown = {"pools": pools, "pool": pool, "buckets": buckets, "bars": _bars(buckets), "chart": chart}
    return _page(request, "book", _("The book against the cluster"), **shown)


@require_safe
def utilisation(request: HttpRequest) -> HttpResponse:
    """admin/desk/utilisation.html: `by_pool`; of the chosen pool `by_node`, and `over_time` of it or of the chosen
    `node`; `comparisons`, `ratios`."""
    staff.require(request.user, *StaffRole)
    shown, pool, period = _choices(request)
    ratios, node = Ratios.parse(settings.ERA_UTILISATION_RATIOS), request.GET.get("node", "").replace("\0", "")[:255]
    shown |= {
        "ratios": ratios,
        "node": node,
        "by_pool": used.by_pool(period, ratios),
        "by_node": used.by_node(period, ratios, pool) if pool else [],
        "over_time": used.over_time(period, ratios, pool, node) if pool else [],
        "comparisons": compared(period, ratios, pool),
    }
    return _page(request, "utilisation", _("How the machines are used"), **shown)


@require_safe
def sales(request: HttpRequest) -> HttpResponse:
    """admin/desk/sales.html: `rows` of days, their `total`, `refusals` by reason, of `pool` or of all; what was
    `said` beforehand of each day of the pool, or of each pool."""
    staff.require(request.user, *StaffRole)
    shown, pool, period = _choices(request)
    rows = reading.days(period, pool)
    shown |= {
        "rows": rows,
        "total": reading.total(rows) if rows else None,
        "refusals": reading.refusals(period, pool),
        "said": forecasts.by_day(period, pool) if pool else forecasts.by_pool(period),
    }
    return _page(request, "sales", _("Sales and refusals"), **shown)


def _page(request: HttpRequest, name: str, title: str, **more: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, **more}
    return TemplateResponse(request, f"admin/desk/{name}.html", context)


def _pool(request: HttpRequest) -> tuple[list[Pool], Pool | None]:
    """All pools, and that which the address names. Raises InvalidInput."""
    pools, slug = list(Pool.objects.all()), request.GET.get("pool", "")
    chosen = next((pool for pool in pools if pool.slug == slug), None)
    if slug and chosen is None:
        raise InvalidInput(_("There is no pool “{slug}”.").format(slug=slug[:40]), field="pool")
    return pools, chosen


def _choices(request: HttpRequest) -> tuple[dict[str, Any], Pool | None, Period]:
    """`pools`, `pool`, `period` and the `periods` to choose from. Raises InvalidInput."""
    pools, pool = _pool(request)
    period = periods.asked(request.GET)
    return {"pools": pools, "pool": pool, "period": period, "periods": CHOICES}, pool, period


def _bars(buckets: list[Bucket]) -> list[dict[str, Any]]:
    """Of the chart, in the units of its drawing: what is there behind what is promised."""
    most = max((max(one.promised, one.there) for one in buckets), default=0) or 1
    return [
        {
            "x": number * BAR,
            "bucket": one,
            "there": HEIGHT * one.there // most,
            "there_y": HEIGHT - HEIGHT * one.there // most,
            "promised": HEIGHT * one.promised // most,
            "promised_y": HEIGHT - HEIGHT * one.promised // most,
        }
        for number, one in enumerate(buckets)
    ]
