"""The form of a sweep, its submission, and the page of what came of it."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from accounts.selectors import open_projects, wallet_of
from era_platform.common.errors import Problem
from era_platform.common.pagination import CURSOR, paginate
from jobs import code
from jobs.forms import SweepForm, first_values
from jobs.models import Batch, Job
from jobs.selectors.batches import find_batch
from jobs.selectors.inputs import offered
from jobs.services import announce
from jobs.services.submit_batch import submit_batch
from jobs.sweeps import expanded
from jobs.views.new import add_errors, stored_code
from pricing.forms import default_deadline
from pricing.models import Pool

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@organization_page(at_least=Role.MEMBER)
def sweep_new(request: OrganizationRequest) -> HttpResponse:
    """jobs/sweep.html: `form`, `pools`, `wallet`, `datasets` (to choose from)."""
    pools, projects = Pool.objects.filter(is_open=True), open_projects(request.organization)
    if request.method == "POST":
        stored = stored_code(request, request.POST.get("code_id", ""))
        form = SweepForm(request.POST, request.FILES, stored_code=stored, projects=projects)
        if form.is_valid() and (found := _submit(request, form)):
            return redirect("batch", request.organization.slug, found.pk)
    else:
        first = pools.first()
        deadline = default_deadline(first.slot_seconds if first else 60)
        form = SweepForm(initial=first_values(deadline=deadline), projects=projects)
    context = {
        "form": form,
        "pools": pools,
        "wallet": wallet_of(request.organization),
        "datasets": offered(request.organization),
    }
    return render(request, "jobs/sweep.html", context, status=400 if form.errors else 200)


@require_safe
@organization_page()
def batch(request: OrganizationRequest, batch_id: UUID) -> HttpResponse:
    """jobs/batch.html: `batch`, `jobs` (a page of them, in order), `next_cursor`, `is_first_page`."""
    found = find_batch(request.organization, batch_id)
    cursor = request.GET.get(CURSOR, "")
    jobs = Job.objects.filter(organization=request.organization, batch=found).select_related("pool")
    page = paginate(jobs.order_by("batch_index"), cursor=cursor, size=PAGE)
    context = {"batch": found, "jobs": page.rows, "next_cursor": page.next_cursor, "is_first_page": not cursor}
    return render(request, "jobs/batch.html", context)


def _submit(request: OrganizationRequest, form: SweepForm) -> Batch | None:
    """The batch; None where the form now says what is wrong."""
    try:
        archive = form.stored_code
        if upload := form.cleaned_data["code"]:
            archive = code.store(code.check(upload.file), organization=request.organization, name=upload.name)
            form.stored_code = archive
        requests = expanded(form.request(archive.pk if archive else None), form.cleaned_data["parameters"])
        key = str(form.cleaned_data["idempotency_key"])
        return submit_batch(
            actor=request.user,
            organization=request.organization,
            requests=requests,
            mode=Batch.Mode(form.cleaned_data["mode"]),
            name=form.cleaned_data["name"],
            idempotency_key=f"page:{key}",
            place=lambda _number: "template",
            progress=partial(announce.batch_priced, request.organization.pk, key, size=len(requests)),
        )
    except Problem as problem:
        add_errors(form, problem)
        return None
