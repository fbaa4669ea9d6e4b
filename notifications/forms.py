"""What owners fill in about webhooks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.models import Kind


class WebhookForm(forms.Form):
    url = forms.CharField(label=_("Address"), max_length=500, help_text=_("Like https://example.com/hook."))
    kinds = forms.MultipleChoiceField(
        label=_("Kinds"), choices=Kind.choices, required=False, help_text=_("None chosen: all.")
    )
