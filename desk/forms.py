"""What is filled in at the desk."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organization
from desk.services.giving import Act
from era_platform.common.money import parse_credits
from jobs.services.refunds import REASON_LENGTH


class AmountForm(forms.Form):
    """An amount in credits, and why; sent twice it is given once."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    amount = forms.CharField(label=gettext_lazy("Credits"), max_length=30)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=REASON_LENGTH, help_text=gettext_lazy("The tenant sees it.")
    )

    def clean_amount(self) -> Any:
        text = self.cleaned_data["amount"]
        try:
            return parse_credits(text)
        except ValueError as error:
            message = _("“%(value)s” is not an amount of credits, like 12.50.")
            raise forms.ValidationError(message, params={"value": text}) from error


class GiveForm(AmountForm):
    """At a job."""

    act = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[
            (Act.REFUND.value, gettext_lazy("Refund: of what the job has paid")),
            (Act.CREDIT.value, gettext_lazy("Credit: on top, to its organization")),
        ],
    )
    field_order = ("key", "act")


class CreditForm(AmountForm):
    """To an organization, by its short name."""

    organization = forms.CharField(label=gettext_lazy("Organization's short name"), max_length=60)
    field_order = ("key", "organization")

    def clean_organization(self) -> Organization:
        slug = self.cleaned_data["organization"]
        found = Organization.objects.filter(slug=slug).first()
        if found is None:
            message = _("There is no organization “%(slug)s”.")
            raise forms.ValidationError(message, params={"slug": slug})
        return found
