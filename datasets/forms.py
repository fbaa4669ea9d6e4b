"""What people fill in about datasets."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset, Version

LICENCES = (
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "ODbL-1.0",
    "ODC-By-1.0",
    "PDDL-1.0",
    "CDLA-Permissive-2.0",
    "MIT",
    "Apache-2.0",
    "BSD-3-Clause",
)
CHECK = {"class": "form-check-input"}
VISIBILITIES = (
    (Dataset.Visibility.PRIVATE.value, _("Private: only your organization sees it")),
    (Dataset.Visibility.SHARED.value, _("Shared: your organization, and those whose short names you add")),
    (Dataset.Visibility.PUBLIC.value, _("Public: everybody who can sign in here, with all its published files")),
)


class LicenceInput(forms.TextInput):
    """A text with suggestions; the page has the list `licences`."""

    def __init__(self) -> None:
        super().__init__(attrs={"list": "licences", "autocomplete": "off"})


class TagsField(forms.CharField):
    """Words with commas between, as a list."""

    def __init__(self, **given: Any) -> None:
        super().__init__(max_length=1000, required=False, **given)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        words = [word.strip() for word in (super().to_python(value) or "").split(",")]
        return list(dict.fromkeys(word for word in words if word))

    def validate(self, value: Any) -> None:
        """Whether a word can be a tag is for the service to say."""

    def run_validators(self, value: Any) -> None:
        """The same."""


class DescribeForm(forms.Form):
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=100_000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}),
        help_text=_(
            "Markdown. What is in it, where it comes from, how it was made. Pictures of the dataset itself show:"
            " ![](plots/loss.png)"
        ),
    )
    licence = forms.CharField(label=_("Licence"), required=False, max_length=60, widget=LicenceInput())
    tags = TagsField(label=_("Tags"), help_text=_("Words with commas between, such as: images, medical, 2026."))


class NewForm(DescribeForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("Small letters, digits, and dots, hyphens or underscores between them; it stays as it is."),
    )
    visibility = forms.ChoiceField(
        label=_("Who can see it"), choices=VISIBILITIES, initial="private", widget=forms.RadioSelect(attrs=CHECK)
    )
    field_order = ("name", "description", "licence", "tags", "visibility")

    def __init__(self, *args: Any, may_show: bool, **kwargs: Any) -> None:
        """Only owners show their organization's datasets to others."""
        super().__init__(*args, **kwargs)
        if not may_show:
            del self.fields["visibility"]


class VisibilityForm(forms.Form):
    visibility = forms.ChoiceField(
        label=_("Who can see it"), choices=VISIBILITIES, widget=forms.RadioSelect(attrs=CHECK)
    )


class GrantForm(forms.Form):
    slug = forms.CharField(
        label=_("Short name of an organization"),
        max_length=40,
        help_text=_(
            "As it stands in its addresses and settings; ask them. Whether there is such an organization is not told."
        ),
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("What changed"),
        required=False,
        max_length=Version._meta.get_field("note").max_length,
        widget=forms.TextInput(attrs={"placeholder": _("such as: labels of 2026 added")}),
    )
