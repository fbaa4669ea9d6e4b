"""Credits an organization, for no job of its own."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import staff
from accounts.models import StaffRole, User
from desk.forms import CreditForm
from desk.services import giving
from era_platform.common.errors import Problem
from era_platform.common.money import format_credits
from era_platform.common.problems import add_to_form


@require_http_methods(["GET", "HEAD", "POST"])
def credit(request: HttpRequest) -> HttpResponse:
    """admin/desk/credit.html: `form` (None for who may not), `limit` in credits (None: there is none)."""
    staff.require(request.user, *(giving.MAY if request.method == "POST" else StaffRole))
    assert isinstance(request.user, User)
    chosen = {"organization": request.GET.get("organization", "")[:60]}
    form = CreditForm(request.POST) if request.method == "POST" else CreditForm(initial=chosen)
    if form.is_valid() and _give(request, request.user, form):
        return redirect("admin:desk_credit")
    limit = giving.most(request.user)
    context = {
        **admin.site.each_context(request),
        "title": _("Credit an organization"),
        "form": form if limit != 0 else None,
        "limit": None if limit is None else format_credits(limit),
    }
    return TemplateResponse(request, "admin/desk/credit.html", context, status=400 if form.errors else 200)


def _give(request: HttpRequest, actor: User, form: CreditForm) -> bool:
    try:
        done = giving.credit(actor=actor, **form.cleaned_data)
    except Problem as problem:
        add_to_form(form, problem)
        return False
    if done is None:
        messages.warning(request, _("That was given already; nothing more was."))
        return True
    given, text = form.cleaned_data, _("{amount} credits were given to {organization}.")
    amount, organization = format_credits(given["amount"]), given["organization"]
    messages.success(request, text.format(amount=amount, organization=organization))
    return True
