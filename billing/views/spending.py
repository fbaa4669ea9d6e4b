"""Who spent what, as a page with a chart and as a table for other programs."""

import csv
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from billing.forms import LABELS, SpendingForm
from billing.months import Month
from billing.selectors import spending as selectors
from billing.selectors.spending import By, Row
from billing.views.statements import as_text
from era_platform.common.money import format_credits

MOST_BARS = 60
HEIGHT, BAR, GAP = 140, 14, 6
HEADS = ("jobs", "unit_hours", "paid", "credit")


class Bar(NamedTuple):
    """Of the chart, in the units of its drawing."""

    x: int
    y: int
    height: int
    row: Row


@require_safe
@organization_page()
def spending(request: OrganizationRequest) -> HttpResponse:
    """billing/spending.html: `form`, `rows`, `total`, `bars` (of weeks), `outlook` of this month."""
    form = SpendingForm(request.GET)
    context = {"form": form, "rows": [], "outlook": selectors.outlook(request.organization, Month.now())}
    if form.is_valid():
        since, until = form.span()
        rows = selectors.spending(request.organization, since, until, form.cleaned_data["by"])
        weeks = rows if form.cleaned_data["by"] == By.WEEK else selectors.spending(
            request.organization, since, until, By.WEEK
        )  # fmt: skip
        context |= {
            "rows": rows,
            "by": LABELS[form.cleaned_data["by"]],
            "total": _total(rows),
            "bars": _bars(weeks[-MOST_BARS:]),
            "chart": {"height": HEIGHT, "width": max(1, len(weeks[-MOST_BARS:])) * (BAR + GAP), "bar": BAR},
            "query": request.GET.urlencode(),
            "shown": form.cleaned_data,
        }
    return render(request, "billing/spending.html", context, status=400 if form.errors else 200)


@require_safe
@organization_page()
def spending_csv(request: OrganizationRequest) -> HttpResponse:
    form = SpendingForm(request.GET)
    form.insist()
    by = form.cleaned_data["by"]
    name = f"spending-{request.organization.slug}-{by}.csv"
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )
    writer = csv.writer(answer)
    writer.writerow((by.value, *HEADS))
    for row in selectors.spending(request.organization, *form.span(), by):
        hours = f"{row.unit_hours:.2f}"
        writer.writerow((as_text(row.label), row.jobs, hours, format_credits(row.paid), format_credits(row.credit)))
    return answer


def _total(rows: list[Row]) -> Row:
    return Row(
        "",
        sum(row.jobs for row in rows),
        sum(row.unit_seconds for row in rows),
        sum(row.paid for row in rows),
        sum(row.credit for row in rows),
    )


def _bars(weeks: list[Row]) -> list[Bar]:
    most = max((row.paid for row in weeks), default=0)
    heights = [max(1, HEIGHT * row.paid // most) if row.paid and most else 0 for row in weeks]
    return [
        Bar(number * (BAR + GAP), HEIGHT - height, height, row)
        for number, (height, row) in enumerate(zip(heights, weeks, strict=True))
    ]
