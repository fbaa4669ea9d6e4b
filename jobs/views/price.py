"""The page that says how a job's price came about, from the decision recomputed on the spot."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.models import Job
from jobs.services import receipts
from jobs.views.finding import find_job
from pricing.domain import Offer
from pricing.explanations import Line
from pricing.runs import credit_runs
from pricing.services.explanations import Explanation, Starts, explain, starts
from pricing.services.quotes import Quote
from pricing.services.receipts import Difference, Recomputed

_FIELDS = {
    "configuration": gettext_lazy("Configuration"),
    "reason": gettext_lazy("Answer"),
    "price": gettext_lazy("Price"),
    "start": gettext_lazy("Start"),
    "end": gettext_lazy("End"),
    "alternatives": gettext_lazy("Counter-offers"),
}


class Row(NamedTuple):
    """A line of the run: when it is, and what it cost."""

    start: datetime
    end: datetime
    line: Line


class Start(NamedTuple):
    """A start that was to be had; `more` is how much dearer than the cheapest, in micro-credits."""

    label: str
    at: datetime
    price: int
    more: int
    is_chosen: bool


@dataclass(frozen=True)
class Story:
    """What the page tells beside the receipt."""

    rows: list[Row]
    starts: list[Start]
    count: int
    demand: list[tuple[int, int]]
    demand_at: datetime
    method: str
    chart: str


@require_safe
@never_cache
@organization_page()
def job_price(request: OrganizationRequest, job_id: UUID) -> HttpResponse:
    """jobs/price.html: `job`, `verdict`, `differences`, `story` (None where it can't be recomputed)."""
    job = find_job(request, job_id)
    verdict = receipts.verify(job)
    context: dict[str, Any] = {
        "job": job,
        "verdict": verdict,
        "verified_at": clock.now(),
        "receipt_url": request.build_absolute_uri(reverse("api-job-receipt", args=[job.pk])),
        "differences": [each._replace(field=_label(each)) for each in verdict.differences],
        "story": _story(job, verdict.again) if verdict.again else None,
    }
    return render(request, "jobs/price.html", context)


def _label(difference: Difference) -> str:
    return str(_FIELDS[difference.field])


def _story(job: Job, again: Recomputed) -> Story:
    quote, explanation = again.quote, explain(again)
    window, offer = quote.answer.window, quote.answer.offer
    found = starts(explanation.totals, window.start, window.slots)
    shown_at = offer.start_slot if offer else window.start
    return Story(
        rows=[Row(quote.moment(line.start_slot), quote.moment(line.end_slot), line) for line in explanation.lines],
        starts=_starts(quote, offer, found) if offer and found else [],
        count=found.count if found else 0,
        demand=sorted(((price, units) for price, units in explanation.curve_at(shown_at)), reverse=True),
        demand_at=quote.moment(shown_at),
        method=explanation.forecast.method,
        chart=json.dumps(_chart(job, quote, explanation)) if found else "",
    )


def _starts(quote: Quote, chosen: Offer, found: Starts) -> list[Start]:
    """In the order of time; where one is several of these, under the first name."""
    named: dict[Offer, str] = {}
    for offer, label in (
        (chosen, _("Cheapest: the market's choice")),
        (found.first, _("Earliest")),
        (found.dearest, _("Dearest")),
        (found.last, _("Latest")),
    ):
        named.setdefault(offer, label)
    return [
        Start(label, quote.moment(offer.start_slot), offer.total, offer.total - chosen.total, offer == chosen)
        for offer, label in sorted(named.items(), key=lambda item: item[0].start_slot)
    ]


def _chart(job: Job, quote: Quote, explanation: Explanation) -> dict[str, Any]:
    """What the chart of starts draws: totals in credits as runs, and what was chosen, in Unix time."""
    step, offer = quote.pool.slot_seconds, quote.answer.offer
    return {
        "start": quote.answer.window.start * step,
        "step": step,
        "length": len(explanation.totals),
        "runs": credit_runs(explanation.totals),
        "chosen": offer.start_slot * step if offer else None,
        "value": job.value / MICRO,
    }
