"""All jobs of an organization, narrowed down by state and by a part of the name; and those in one pool's calendar."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from era_platform.common import clock
from era_platform.common.pagination import CURSOR, paginate
from jobs.models import Job
from jobs.states import ACTIVE, State
from pricing.selectors.pools import pool_by_slug

GROUPS: dict[str, frozenset[State]] = {
    "reserved": frozenset({State.RESERVED}),
    "running": ACTIVE,
    "succeeded": frozenset({State.SUCCEEDED}),
    "failed": frozenset({State.FAILED, State.TIMED_OUT}),
    "cancelled": frozenset({State.CANCELLED}),
    "rejected": frozenset({State.REJECTED}),
}
PAGE = 25
CALENDAR_MOST = 500


@require_safe
@organization_page()
def jobs(request: OrganizationRequest) -> HttpResponse:
    """jobs/jobs.html: `jobs`, `group` (of GROUPS, or ""), `search`, `next_cursor`, `is_first_page`, `is_new`."""
    group = request.GET.get("state", "")
    search = request.GET.get("search", "").strip()[:120].replace("\0", "")
    cursor = request.GET.get(CURSOR, "")
    shown = Job.objects.filter(organization=request.organization).select_related("pool")
    if group in GROUPS:
        shown = shown.filter(state__in=GROUPS[group])
    if search:
        shown = shown.filter(name__icontains=search)
    page = paginate(shown, cursor=cursor, size=PAGE)
    context = {
        "jobs": page.rows,
        "groups": list(GROUPS),
        "group": group if group in GROUPS else "",
        "search": search,
        "next_cursor": page.next_cursor,
        "is_first_page": not cursor,
        "is_new": not page.rows and not group and not search,
    }
    return render(request, "jobs/jobs.html", context)


@require_safe
@never_cache
@organization_page()
def reservations(request: OrganizationRequest, slug: str) -> JsonResponse:
    """The organization's own jobs in a pool's calendar, from now on."""
    found = _ahead(request, slug).order_by("start_at")[:CALENDAR_MOST]
    return JsonResponse({"reservations": [_told(request, job) for job in found]})


def _ahead(request: OrganizationRequest, slug: str) -> QuerySet[Job]:
    live = [State.RESERVED, *ACTIVE]
    return Job.objects.filter(
        organization=request.organization, pool=pool_by_slug(slug), state__in=live, end_at__gt=clock.now()
    )


def _told(request: OrganizationRequest, job: Job) -> dict[str, Any]:
    assert job.start_at
    assert job.end_at
    return {
        "name": job.name,
        "units": job.units,
        "start": round(job.start_at.timestamp()),
        "end": round(job.end_at.timestamp()),
        "url": reverse("job", args=[request.organization.slug, job.pk]),
    }
