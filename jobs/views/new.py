"""The form for a new job, empty or filled in from an earlier one, and its submission."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from accounts.selectors import open_projects, wallet_of
from era_platform.common import clock
from era_platform.common.errors import Problem
from jobs import code
from jobs.forms import JobForm, first_values, values_of
from jobs.models import CodeArchive, Job
from jobs.selectors.inputs import offered
from jobs.services.submit import submit
from jobs.states import State
from jobs.views.finding import find_job
from pricing.forms import default_deadline, duration_parts
from pricing.models import Pool

FIELD_OF = {"duration": "duration_amount", "command": "command_line", "env": None, "sweep": "parameters"}
"""Fields of a request that the form shows under another name, or on top."""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@organization_page(at_least=Role.MEMBER)
def job_new(request: OrganizationRequest) -> HttpResponse:
    """jobs/new.html: `form`, `pools`, `wallet`, `datasets` (to choose from).

    `?from=<job>` fills it in as that job was.
    """
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        job = _submit(request, form)
        if job:
            _say(request, job)
            return redirect("job", request.organization.slug, job.pk)
    context = {
        "form": form,
        "pools": Pool.objects.filter(is_open=True),
        "wallet": wallet_of(request.organization),
        "datasets": offered(request.organization),
    }
    return render(request, "jobs/new.html", context, status=400 if form.errors else 200)


def _form(request: OrganizationRequest) -> JobForm:
    if request.method == "POST":
        stored = stored_code(request, request.POST.get("code_id", ""))
        projects = open_projects(request.organization)
        return JobForm(request.POST, request.FILES, stored_code=stored, projects=projects)
    values = first_values()
    deadline = None
    if "from" in request.GET:
        earlier = find_job(request, request.GET["from"])
        values = values_of(earlier)
        deadline = _take_offer(values, earlier, request.GET.get("offer", ""))
    elif "pool" in request.GET:
        values["pool"] = request.GET["pool"]
    pool = _chosen_pool(str(values.get("pool", "")))
    values["deadline"] = deadline or default_deadline(pool.slot_seconds if pool else 60)
    stored = stored_code(request, str(values.get("code_id") or ""))
    return JobForm(initial=values, stored_code=stored, projects=open_projects(request.organization))


def _take_offer(values: dict[str, Any], earlier: Job, number: str) -> datetime | None:
    """Change `values` to what an earlier refusal offered instead, and give the window's end that went with it."""
    if not (number.isdigit() and len(number) < 3 and int(number) < len(earlier.alternatives)):
        return None
    offer = earlier.alternatives[int(number)]
    values["units"] = offer["units"]
    values["also"] = []
    if "duration" in offer:  # earlier refusals lack it
        values |= duration_parts(offer["duration"])
    values["value"] = offer["value"] or values["value"]
    deadline = datetime.fromisoformat(offer["deadline"])
    return deadline if deadline > clock.now() else None


def _chosen_pool(slug: str) -> Pool | None:
    open_pools = Pool.objects.filter(is_open=True)
    return open_pools.filter(slug=slug).first() or open_pools.first()


def stored_code(request: OrganizationRequest, text: str) -> CodeArchive | None:
    """The archive of an earlier job that the form carries along, if it is one of this organization's."""
    try:
        archive_id = UUID(text)
    except ValueError:
        return None
    return CodeArchive.objects.filter(organization=request.organization, pk=archive_id).first()


def _submit(request: OrganizationRequest, form: JobForm) -> Job | None:
    """The job; None where the form now says what is wrong."""
    try:
        archive = form.stored_code
        if upload := form.cleaned_data["code"]:
            checked = code.check(upload.file)
            archive = code.store(checked, organization=request.organization, name=upload.name)
            form.stored_code = archive
        return submit(
            actor=request.user,
            organization=request.organization,
            request=form.request(archive.pk if archive else None),
            idempotency_key=f"page:{form.cleaned_data['idempotency_key']}",
        )
    except Problem as problem:
        add_errors(form, problem)
        return None


def add_errors(form: JobForm, problem: Problem) -> None:
    errors: dict[str, Any] = {problem.field: problem.detail}
    given = problem.extra.get("errors")
    if isinstance(given, dict):
        errors = given
    elif isinstance(given, list):
        errors = {each["field"]: each["detail"] for each in given}
    for place, detail in errors.items():
        name = place.removeprefix("template.")
        field = FIELD_OF.get("sweep" if name.startswith("sweep") else name, name)
        if field == "command_line" and form.cleaned_data.get("command_kind") == "script":
            field = "script"
        form.add_error(field if field in form.fields else None, detail)


def _say(request: OrganizationRequest, job: Job) -> None:
    if job.state == State.REJECTED:
        messages.warning(request, _("Refused. Below is why, and what would be accepted instead."))
    else:
        messages.success(request, _("Accepted: start and price are settled and will not change."))
