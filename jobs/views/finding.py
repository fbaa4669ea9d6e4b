"""Finds the job that an address names, among the organization's own."""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.guards import OrganizationRequest
from era_platform.common.errors import NotFound
from jobs.models import Job


def find_job(request: OrganizationRequest, job_id: UUID | str) -> Job:
    """Raises NotFound, also for another organization's."""
    try:
        wanted = UUID(str(job_id))
    except ValueError as error:
        raise NotFound(_("There is no such job.")) from error
    related = ("pool", "submitted_by", "code", "forecast", "refund_policy", "project")
    job = Job.objects.filter(organization=request.organization, pk=wanted).select_related(*related).first()
    if job is None:
        raise NotFound(_("There is no such job."))
    return job
