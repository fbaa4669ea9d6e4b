"""Keeping a job's outputs as a version of a dataset, from the job's page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from era_platform.common.errors import Problem
from jobs.services.keep_outputs import Kept, keep_outputs
from jobs.views.finding import find_job

LONGEST_NOTE = 500


@require_POST
@organization_page(at_least=Role.MEMBER)
def job_keep(request: OrganizationRequest, job_id: UUID) -> HttpResponse:
    """Goes to the new version; back to the job where it can't be made, which is said there."""
    job, given = find_job(request, job_id), request.POST
    try:
        kept = keep_outputs(
            actor=request.user,
            job=job,
            dataset=given.get("dataset", "").strip(),
            note=given.get("note", "").strip()[:LONGEST_NOTE],
        )
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("job", request.organization.slug, job_id)
    _say(request, kept)
    version = kept.version
    return redirect(
        "dataset-version", request.organization.slug, request.organization.slug, version.dataset.name, version.number
    )


def _say(request: OrganizationRequest, kept: Kept) -> None:
    messages.success(request, _("Kept as {version}.").format(version=kept.version))
    if count := len(kept.skipped):
        text = ngettext(
            "{count} link or device was left out: {first}.",
            "{count} links or devices were left out, the first of them {first}.",
            count,
        )
        messages.warning(request, text.format(count=count, first=kept.skipped[0]))
