"""The operators' way to put money into wallets: a page between choosing organizations and the transfers, or the wait
for a second operator."""

from decimal import Decimal
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization, TopUpRequest, User
from accounts.services import top_ups
from era_platform.common.errors import Problem
from era_platform.common.money import MAX_AMOUNT, MICRO, format_credits, parse_credits
from era_platform.common.problems import add_to_form


class TopUpForm(forms.Form):
    """Sent twice, it tops up once."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    amount = forms.DecimalField(
        label=gettext_lazy("Credits for each"),
        min_value=Decimal(1) / MICRO,
        max_value=Decimal(MAX_AMOUNT) / MICRO / 1000,
        decimal_places=6,
    )
    memo = forms.CharField(label=gettext_lazy("Memo"), max_length=200, help_text=gettext_lazy("The tenant sees it."))


def top_up_page(
    model_admin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Organization]
) -> TemplateResponse | None:
    """Asks how much and why, then makes one transfer or request for each, or none at all; None when done."""
    form = TopUpForm(request.POST if "confirm" in request.POST else None)
    if form.is_valid() and _top_up_all(request, queryset, form):
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Top up"),
        "opts": model_admin.model._meta,
        "organizations": queryset,
        "form": form,
        "limit": format_credits(top_ups.limit()),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/accounts/top_up.html", context)


def _top_up_all(request: HttpRequest, organizations: QuerySet[Organization], form: TopUpForm) -> bool:
    assert isinstance(request.user, User)
    try:
        asked = top_ups.ask(
            actor=request.user,
            organizations=organizations,
            amount=parse_credits(form.cleaned_data["amount"]),
            memo=form.cleaned_data["memo"],
            key=form.cleaned_data["key"],
        )
    except Problem as problem:
        add_to_form(form, problem)
        return False
    for one in asked:
        _tell(request, one)
    if not asked:
        messages.warning(request, _("That was added already; nothing more was."))
    return True


def _tell(request: HttpRequest, asked: TopUpRequest) -> None:
    given = asked.state == TopUpRequest.State.GIVEN
    text = (
        _("{amount} credits added to {organization}.")
        if given
        else _(
            "{amount} credits for {organization} wait for another operator: it is more than one gives alone in a day."
        )
    )
    message = text.format(amount=format_credits(asked.amount), organization=asked.organization)
    messages.add_message(request, messages.SUCCESS if given else messages.WARNING, message)
