"""What people fill in about organizations, invitations and tokens."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Invitation, Organization, Role
from era_platform.common import clock


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
