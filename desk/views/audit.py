"""Who did what: the audit record, to look through and to take along as a table."""

import csv

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import staff
from accounts.models import StaffRole
from desk.selectors import audit as records
from era_platform.common.errors import InvalidInput

DATE = {"type": "date"}


class AuditFilter(forms.Form):
    actor = forms.CharField(label=gettext_lazy("By (mail or its beginning)"), required=False, max_length=254)
    action = forms.CharField(label=gettext_lazy("Action, or its beginning"), required=False, max_length=60)
    organization = forms.CharField(label=gettext_lazy("Organization's short name"), required=False, max_length=60)
    since = forms.DateField(label=gettext_lazy("From (UTC)"), required=False, widget=forms.DateInput(DATE, "%Y-%m-%d"))
    until = forms.DateField(
        label=gettext_lazy("Up to and with"), required=False, widget=forms.DateInput(DATE, "%Y-%m-%d")
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput())


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """admin/desk/audit.html: `form`, `events`, `older` (the query of the next page; empty on the last one)."""
    staff.require(request.user, *StaffRole)
    form = AuditFilter(request.GET)
    events, before = records.page(form.cleaned_data) if form.is_valid() else ([], None)
    query = request.GET.copy()
    query.pop("before", None)
    chosen = query.urlencode()
    if before:
        query["before"] = str(before)
    context = {
        **admin.site.each_context(request),
        "title": _("Who did what"),
        "form": form,
        "events": events,
        "chosen": chosen,
        "older": query.urlencode() if before else "",
    }
    return TemplateResponse(request, "admin/desk/audit.html", context, status=400 if form.errors else 200)


@require_safe
def audit_csv(request: HttpRequest) -> HttpResponse:
    """What the page's filter finds, the newest first, at most MOST_EXPORTED rows."""
    staff.require(request.user, *StaffRole)
    form = AuditFilter(request.GET)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise InvalidInput(f"{field}: {errors[0]}", field=field)
    disposition = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    answer = HttpResponse(content_type="text/csv; charset=utf-8", headers=disposition)
    csv.writer(answer).writerows(records.lines(form.cleaned_data))
    return answer
