"""What people fill in about organizations, invitations and tokens."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Invitation, Organization, Project, Role
from era_platform.common import clock
from era_platform.common.money import parse_credits


class TeamForm(forms.ModelForm):
    class Meta:
        model = Organization
        fields = ("name", "slug")
        help_texts = {"slug": _("Part of the team's addresses; it stays as it is.")}

    def validate_unique(self) -> None:
        """Left to the service, which asks the database and can't be overtaken."""


class RenameForm(forms.ModelForm):
    class Meta:
        model = Organization
        fields = ("name",)


class InviteForm(forms.ModelForm):
    class Meta:
        model = Invitation
        fields = ("email", "role")

    def validate_constraints(self) -> None:
        """Left to the service: inviting again replaces what is open."""

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class TokenForm(forms.ModelForm):
    class Meta:
        model = ApiToken
        fields = ("name", "expires_at")
        labels = {"expires_at": _("Expires (UTC)")}
        help_texts = {"expires_at": _("Leave empty for a token that works until it is revoked.")}
        widgets = {"expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")}

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        if moment is not None and moment <= clock.now():
            raise forms.ValidationError(_("This moment has passed; choose a later one."), code="past")
        return moment


class LimitField(forms.CharField):
    """Credits as people write them, as micro-credits; None where it is left empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=30, required=False, label=_("Monthly limit, in credits"), **kwargs)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            limit = parse_credits(text)
        except ValueError as error:
            message = _("“%(value)s” is not an amount of credits, like 250 or 12.50.")
            raise forms.ValidationError(message, params={"value": text}) from error
        if limit < 0:
            raise forms.ValidationError(_("A limit must be 0 or more, not %(value)s."), params={"value": text})
        return limit


class LimitForm(forms.Form):
    monthly_limit = LimitField()


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    monthly_limit = LimitField(
        help_text=_("For jobs that start in a calendar month (UTC). What would pass it is refused. Empty: no limit.")
    )


class NewProjectForm(forms.ModelForm):
    monthly_limit = ProjectForm.base_fields["monthly_limit"]

    class Meta:
        model = Project
        fields = ("name", "slug", "monthly_limit")
        help_texts = {"slug": _("What the API and the command line call it; it stays as it is.")}

    def validate_unique(self) -> None:
        """Left to the service, which asks the database and can't be overtaken."""

    def validate_constraints(self) -> None:
        """Left to the service, too."""
