"""What somebody at a WebSocket may see. A token, if the request brought one, says who that is, else the session."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.callers import memberships_of_caller
from era_platform.common.errors import NotFound
from jobs.logs import JobLog, log_of
from jobs.models import Attempt, Job, JobEvent


@dataclass(frozen=True)
class JobView:
    """A job as it stood when it was looked at. `log_is_whole`: it is final and nothing writes to its log any more."""

    state: str
    log: JobLog
    log_is_whole: bool


@dataclass(frozen=True)
class OrganizationView:
    """An organization, and the number of the last thing that happened to one of its jobs."""

    organization_id: int
    last_event: int


def view_of_job(asgi_scope: dict[str, Any], job_id: UUID) -> JobView:
    """Raises Unauthenticated; NotFound for other tenants' jobs and for those that are not there."""
    with scopes_disabled():
        visible = memberships_of_caller(asgi_scope).values("organization")
        job = Job.objects.filter(pk=job_id, organization__in=visible).first()
        if job is None:
            raise NotFound(_("There is no job {id}.").format(id=job_id))
        alive = Attempt.objects.filter(job=job, ended_at=None).exists()
        return JobView(str(job.state), log_of(job_id), job.is_final and not alive)


def view_of_organization(asgi_scope: dict[str, Any], slug: str) -> OrganizationView:
    """Raises Unauthenticated; NotFound where the caller is no member."""
    with scopes_disabled():
        found = memberships_of_caller(asgi_scope).filter(organization__slug=slug).first()
    if found is None:
        raise NotFound(_("There is no organization “{slug}”, or you are not a member of it.").format(slug=slug))
    with scopes_disabled():
        events = JobEvent.objects.filter(organization_id=found.organization_id)
        last = events.order_by("-id").values_list("id", flat=True).first()
    return OrganizationView(found.organization_id, last or 0)
