"""The operators' way to plan maintenance and to say that units are lost, and to give them back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from era_platform.common.errors import Problem
from era_platform.common.problems import add_to_form
from pricing.models import Outage, Pool
from pricing.services import outages


class OutageForm(forms.Form):
    pool = forms.ModelChoiceField(label=gettext_lazy("Pool"), queryset=Pool.objects.all())
    cause = forms.ChoiceField(
        label=gettext_lazy("Cause"),
        choices=Outage.Cause.choices,
        help_text=gettext_lazy(
            "Maintenance takes only what is not promised. Lost units are away even where they are promised."
        ),
    )
    units = forms.IntegerField(label=gettext_lazy("Units"), min_value=1)
    since = forms.SplitDateTimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=AdminSplitDateTime(),
        help_text=gettext_lazy("UTC; the whole slot is taken. Empty: from the running slot on."),
    )
    until = forms.SplitDateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=AdminSplitDateTime(),
        help_text=gettext_lazy("UTC. Empty: until further notice."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


@admin.register(Outage)
class OutageAdmin(admin.ModelAdmin):
    list_display = ("pool", "units", "cause", "begins", "ends", "is_over", "reason")
    list_filter = ("pool", "cause")
    list_select_related = ("pool", "created_by")
    actions = ("give_back",)

    @admin.display(description=gettext_lazy("from"), ordering="start_slot")
    def begins(self, outage: Outage) -> datetime:
        return outage.start

    @admin.display(description=gettext_lazy("until"))
    def ends(self, outage: Outage) -> datetime | str:
        return outage.end or _("further notice")

    @admin.display(description=gettext_lazy("over"), boolean=True)
    def is_over(self, outage: Outage) -> bool:
        return outage.is_over

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What one takes is in the book: it can be ended, not rewritten."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = OutageForm(request.POST) if request.method == "POST" else OutageForm(initial=request.GET.dict())
        if form.is_valid() and (outage := _begun(request, form)):
            self.log_addition(request, outage, [{"added": {}}])
            self.message_user(request, _("Out of sale: {outage}.").format(outage=outage), messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:pricing_outage_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take units out of sale"),
            "opts": self.model._meta,
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/pricing/outage_add.html", context)

    @admin.action(description=gettext_lazy("End: give the units back from the next slot on"), permissions=["change"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Outage]) -> None:
        for chosen in queryset:
            try:
                outage = outages.end(actor=_operator(request), outage_id=chosen.pk)
            except Problem as problem:
                self.message_user(request, problem.detail, messages.ERROR)
            else:
                self.log_change(request, outage, [{"changed": {"fields": ["back_from"]}}])
                text = _("On sale again from {moment} on: {outage}.")
                self.message_user(request, text.format(moment=outage.end, outage=outage), messages.SUCCESS)


def _begun(request: HttpRequest, form: OutageForm) -> Outage | None:
    """The new outage; None with the error in the form where it can't be."""
    given = form.cleaned_data
    try:
        return outages.begin(
            actor=_operator(request),
            pool_id=given["pool"].pk,
            cause=Outage.Cause(given["cause"]),
            units=given["units"],
            since=given["since"],
            until=given["until"],
            reason=given["reason"],
        )
    except Problem as problem:
        add_to_form(form, problem)
        return None


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
