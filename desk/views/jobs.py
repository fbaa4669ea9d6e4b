"""One job, found by anything, with all that is known of it, and what can be given back for it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import staff
from accounts.models import AuditEvent, Hold, StaffRole, Transfer, User
from desk.forms import GiveForm
from desk.selectors.hunt import MOST, SHORTEST, hunt
from desk.services import giving
from era_platform.common.errors import NotFound, Problem
from era_platform.common.money import format_credits
from era_platform.common.problems import add_to_form
from jobs.models import Attempt, Job
from jobs.services import refunds

EVENTS = 200


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """admin/desk/jobs.html: `query`, `jobs` (those found), `most`, `shortest`."""
    staff.require(request.user, *StaffRole)
    query = request.GET.get("q", "")
    found = hunt(query) if query else []
    context = _context(request, _("Find a job"), query=query, jobs=found, most=MOST, shortest=SHORTEST)
    return TemplateResponse(request, "admin/desk/jobs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """admin/desk/job.html: `job`, `attempts`, `events`, `transfers`, `hold`, `left`, `acts`, and `form` to give."""
    staff.require(request.user, *StaffRole)
    assert isinstance(request.user, User)
    found = _find(job_id)
    form = GiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        staff.require(request.user, *giving.MAY)
        if form.is_valid() and _give(request, request.user, found, form):
            return redirect("admin:desk_job", job_id)
    limit = giving.most(request.user)
    context = _context(
        request,
        found.name,
        job=found,
        attempts=Attempt.objects.filter(job=found).prefetch_related("placements").order_by("number"),
        events=found.events.order_by("-id")[:EVENTS],
        transfers=_shown(Transfer.objects.filter(reference=found.pk).select_related("actor").order_by("id")),
        hold=Hold.objects.filter(reference=found.pk).first(),
        left=format_credits(refunds.refundable(found)),
        price=format_credits(found.price or 0),
        acts=AuditEvent.objects.filter(organization=found.organization_id, target=str(found.pk))
        .select_related("actor")
        .order_by("-id")[:EVENTS],
        form=form if limit != 0 else None,
        limit=None if limit is None else format_credits(limit),
    )
    return TemplateResponse(request, "admin/desk/job.html", context, status=400 if form.errors else 200)


def _give(request: HttpRequest, actor: User, job: Job, form: GiveForm) -> bool:
    given = form.cleaned_data
    try:
        done = giving.give(
            actor=actor,
            job=job,
            act=giving.Act(given["act"]),
            amount=given["amount"],
            reason=given["reason"],
            key=given["key"],
        )
    except Problem as problem:
        add_to_form(form, problem)
        return False
    if done is None:
        messages.warning(request, _("That was given already; nothing more was."))
        return True
    text = _("{amount} credits were given to {organization}.")
    messages.success(request, text.format(amount=format_credits(given["amount"]), organization=job.organization))
    return True


def _find(job_id: UUID) -> Job:
    related = ("organization", "pool", "submitted_by", "project", "refund_policy")
    found: Job | None = Job.objects.select_related(*related).filter(pk=job_id).first()
    if found is None:
        raise NotFound(_("There is no job {id}.").format(id=job_id))
    return found


def _shown(transfers: Any) -> list[dict[str, Any]]:
    return [{"transfer": one, "credits": format_credits(one.amount)} for one in transfers]


def _context(request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title, **more}
