"""The first page of an organization: what runs, what comes next, what there is to spend, what things cost now."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.selectors import wallet_of
from jobs.models import Job
from jobs.states import ACTIVE, State
from pricing.models import Pool
from pricing.selectors.prices import next_slot

RECENT, COMING = 6, 5


@require_safe
@organization_page()
def overview(request: OrganizationRequest) -> HttpResponse:
    """jobs/overview.html: `wallet`, `running`, `coming` (next starts), `recent`, `pools`, `is_new` (no job yet)."""
    jobs = Job.objects.filter(organization=request.organization).select_related("pool")
    recent = list(jobs.order_by("-submitted_at", "-id")[:RECENT])
    context = {
        "wallet": wallet_of(request.organization),
        "running": jobs.filter(state__in=ACTIVE).order_by("end_at"),
        "coming": jobs.filter(state=State.RESERVED).order_by("start_at")[:COMING],
        "recent": recent,
        "is_new": not recent,
        "pools": [{"pool": pool, "now": next_slot(pool)} for pool in Pool.objects.filter(is_open=True)],
    }
    return render(request, "jobs/overview.html", context)
