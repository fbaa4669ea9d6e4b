"""What is filled in for a maintenance window, and for pausing what a pool sells."""

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.translation import gettext_lazy

from jobs.services.maintenance import Wanted
from pricing.models import Pool

REBOOK, REFUND = "rebook", "refund"


class MaintenanceForm(forms.Form):
    """The window; `seen` comes from the preview and is what the act is checked against."""

    pool = forms.ModelChoiceField(label=gettext_lazy("Pool"), queryset=Pool.objects.order_by("slug"))
    units = forms.IntegerField(label=gettext_lazy("Units"), min_value=1, max_value=2**31 - 1)
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
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("The tenants concerned see it.")
    )
    way = forms.ChoiceField(
        label=gettext_lazy("Reservations in the way"),
        choices=[
            (REBOOK, gettext_lazy("Rebook within their own windows at the same price; refund who fits nowhere")),
            (REFUND, gettext_lazy("Refund them all, with the credit of their refund policy")),
        ],
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput())

    def wanted(self) -> Wanted:
        given = self.cleaned_data
        return Wanted(given["pool"].pk, given["units"], given["since"], given["until"], given["way"] == REBOOK)


class SalesForm(forms.Form):
    """Pause or resume one pool; a reason is needed to pause only, which the service checks."""

    pool = forms.ModelChoiceField(queryset=Pool.objects.all())
    act = forms.ChoiceField(choices=[("pause", ""), ("resume", "")])
    reason = forms.CharField(required=False, max_length=200)
