"""A job's page: where it stands, its log, what it wrote, what happened and what it costs; and its cancellation."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Hold, Role
from datasets.references import parse_reference
from jobs import logs
from jobs.models import Job
from jobs.selectors.inputs import own_names
from jobs.services.cancel import cancel
from jobs.states import CANCELLABLE, State
from jobs.views import words
from jobs.views.finding import find_job
from jobs.views.folders import folder_of_job


@require_safe
# xterm.js writes its theme and the colours of single cells as inline styles. Scripts stay as strict as elsewhere,
# and what a job prints reaches the page as text of the terminal, never as markup.
@csp_update({"style-src": [UNSAFE_INLINE]})
@organization_page()
def job(request: OrganizationRequest, job_id: UUID) -> HttpResponse:
    """jobs/job.html: `job`, `steps`, `events`, `hold`, `inputs`, `folder` (a part of the outputs),
    `own_datasets` (to keep them in), `cancel_text`."""
    found = find_job(request, job_id)
    context: dict[str, Any] = {
        "job": found,
        "steps": words.steps(found),
        "events": [words.event(each) for each in found.events.order_by("-id")],
        "hold": Hold.objects.filter(organization=request.organization, reference=found.pk).first(),
        "folder": folder_of_job(request, found),
        "may_cancel": State(found.state) in CANCELLABLE,
        "cancel_text": words.cancellation(found),
        "command": words.command(found),
        "own_datasets": _own_datasets(request, found),
        "inputs": [parse_reference(text) for text in found.datasets],
        "has_log": found.attempt > 0,
    }
    return render(request, "jobs/job.html", context)


def _own_datasets(request: OrganizationRequest, job: Job) -> list[str] | None:
    """Names of datasets that the outputs can be kept in; None where they can't be, by this person or yet."""
    if not job.is_final or Role(request.membership.role).rank < Role.MEMBER.rank:
        return None
    names: list[str] = own_names(request.organization)
    return names


@require_POST
@organization_page(at_least=Role.MEMBER)
def job_cancel(request: OrganizationRequest, job_id: UUID) -> HttpResponse:
    cancelled = cancel(actor=request.user, organization=request.organization, job_id=job_id)
    messages.success(request, _("“{name}” is cancelled.").format(name=cancelled.name))
    return redirect("job", request.organization.slug, job_id)


@require_safe
@organization_page()
def job_log(request: OrganizationRequest, job_id: UUID) -> HttpResponseBase:
    """The whole log as it is now, as a file."""
    found = find_job(request, job_id)
    name = f"{found.name}-{str(found.pk)[:8]}.log"
    return StreamingHttpResponse(
        _chunks(found),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )


def _chunks(job: Job) -> Iterator[bytes]:
    log, offset = logs.log_of(job.pk), 0
    while chunk := log.read(offset):
        yield chunk
        offset += len(chunk)
