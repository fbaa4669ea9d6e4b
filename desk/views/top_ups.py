"""Top-ups that wait for a second operator: approved or declined."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import staff
from accounts.models import StaffRole, TopUpRequest, User
from accounts.selectors import waiting_top_ups
from accounts.services.top_ups import REASON_LENGTH, approve, decline, limit
from era_platform.common.errors import Problem
from era_platform.common.money import format_credits

LISTED = 100


class DecisionForm(forms.Form):
    top_up = forms.UUIDField()
    decision = forms.ChoiceField(choices=[("approve", "approve"), ("decline", "decline")])
    reason = forms.CharField(max_length=REASON_LENGTH, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def top_ups(request: HttpRequest) -> HttpResponse:
    """admin/desk/top_ups.html: `waiting` (each `top_up`, `credits`, `may_decide`), `decided`, `limit`"""
    staff.require(request.user, *([StaffRole.OPERATOR] if request.method == "POST" else StaffRole))
    assert isinstance(request.user, User)
    if request.method == "POST":
        _decide(request, request.user)
        return redirect("admin:desk_top_ups")
    operator = staff.role_of(request.user) == StaffRole.OPERATOR
    decided = TopUpRequest.objects.filter(decided_by__isnull=False).order_by("-decided_at")
    context = {
        **admin.site.each_context(request),
        "title": _("Top-ups"),
        "waiting": [
            {
                "top_up": one,
                "credits": format_credits(one.amount),
                "may_decide": operator and one.requested_by != request.user,
            }
            for one in waiting_top_ups()[:LISTED]
        ],
        "decided": [
            {"top_up": one, "credits": format_credits(one.amount)}
            for one in decided.select_related("organization", "requested_by", "decided_by")[:LISTED]
        ],
        "limit": format_credits(limit()),
        "reason_length": REASON_LENGTH,
    }
    return TemplateResponse(request, "admin/desk/top_ups.html", context)


def _decide(request: HttpRequest, actor: User) -> None:
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("That is no decision about a top-up."))
        return
    given = form.cleaned_data
    try:
        if given["decision"] == "approve":
            done = approve(actor=actor, request_id=given["top_up"])
            text = _("{amount} credits added to {organization}.")
        else:
            done = decline(actor=actor, request_id=given["top_up"], reason=given["reason"])
            text = _("Declined: {amount} credits for {organization}.")
    except Problem as problem:
        messages.error(request, problem.detail)
        return
    messages.success(request, text.format(amount=format_credits(done.amount), organization=done.organization))
