"""Takes units out for maintenance after a look at whom it concerns; pauses and resumes what pools sell."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import staff
from accounts.models import StaffRole, User
from desk.forms_maintenance import MaintenanceForm, SalesForm
from era_platform.common.errors import Problem
from era_platform.common.money import format_credits
from era_platform.common.problems import add_to_form
from jobs.services import maintenance as windows
from jobs.services.maintenance import Preview
from pricing.models import Pool
from pricing.services import sales as selling


@require_http_methods(["GET", "HEAD", "POST"])
def maintenance(request: HttpRequest) -> HttpResponse:
    """admin/desk/maintenance.html: `form`, `may_act`, `preview` (None before it was asked for), `rows`, `most`."""
    user = _staff(request)
    preview = None
    form = MaintenanceForm(request.POST) if request.method == "POST" else MaintenanceForm(initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        if "preview" not in request.POST and _take(request, user, form):
            return redirect("admin:desk_maintenance")
        preview = _preview(form)
    if preview:
        # The form is shown again with what was seen now, not with what the act was refused for.
        shown = request.POST.copy()
        shown["seen"] = preview.seen
        form.data = shown
    context = {
        **admin.site.each_context(request),
        "title": _("Maintenance window"),
        "form": form,
        "media": form.media,
        "may_act": staff.role_of(user) == StaffRole.OPERATOR,
        "preview": preview,
        "rows": _rows(preview),
        "most": windows.MOST,
    }
    return TemplateResponse(request, "admin/desk/maintenance.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest) -> HttpResponse:
    """admin/desk/pause.html: `pools`, `may_act`."""
    user = _staff(request)
    if request.method == "POST":
        form = SalesForm(request.POST)
        if form.is_valid():
            _change_sales(request, user, form.cleaned_data)
        else:
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("admin:desk_pause")
    context = {
        **admin.site.each_context(request),
        "title": _("What is sold"),
        "pools": Pool.objects.order_by("slug"),
        "may_act": staff.role_of(user) == StaffRole.OPERATOR,
    }
    return TemplateResponse(request, "admin/desk/pause.html", context)


def _staff(request: HttpRequest) -> User:
    """Whoever reads has a role; whoever posts is an operator."""
    staff.require(request.user, *([StaffRole.OPERATOR] if request.method == "POST" else StaffRole))
    assert isinstance(request.user, User)
    return request.user


def _preview(form: MaintenanceForm) -> Preview | None:
    try:
        return windows.preview(form.wanted())
    except Problem as problem:
        add_to_form(form, problem)
        return None


def _take(request: HttpRequest, actor: User, form: MaintenanceForm) -> bool:
    given = form.cleaned_data
    try:
        outage, outcome = windows.take(
            actor=actor, wanted=form.wanted(), reason=given["reason"], seen=given["seen"] or ""
        )
    except Problem as problem:
        add_to_form(form, problem)
        return False
    text = _("Out of sale: {outage}. {moved} moved, {ended} refunded.")
    moved, ended = len(outcome.moved), len(outcome.ended)
    messages.success(request, text.format(outage=outage, moved=moved, ended=ended))
    return True


def _rows(preview: Preview | None) -> list[dict[str, Any]]:
    affected = preview.affected[: windows.MOST] if preview else []
    return [
        {
            "job": one.job,
            "start": one.start,
            "price": format_credits(one.job.price or 0),
            "back": format_credits(one.back),
            "credit": format_credits(one.credit),
        }
        for one in affected
    ]


def _change_sales(request: HttpRequest, actor: User, given: dict[str, Any]) -> None:
    pool: Pool = given["pool"]
    try:
        if given["act"] == "pause":
            selling.pause(actor=actor, pool_id=pool.pk, reason=given["reason"])
            messages.success(request, _("{pool} sells nothing until you resume it.").format(pool=pool))
        else:
            selling.resume(actor=actor, pool_id=pool.pk)
            messages.success(request, _("{pool} is for sale.").format(pool=pool))
    except Problem as problem:
        messages.error(request, problem.detail)
