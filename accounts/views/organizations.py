"""The way in, new teams, and an organization's settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import RenameForm, TeamForm
from accounts.guards import LAST_ORGANIZATION, OrganizationRequest, SignedInRequest, organization_page
from accounts.models import Role
from accounts.selectors import memberships_of
from accounts.services import organizations
from era_platform.common.errors import Problem
from era_platform.common.problems import add_to_form


@require_safe
@login_required
def home(request: SignedInRequest) -> HttpResponse:
    """To the organization last looked at, else the personal one, else any, else to making one."""
    slugs = [membership.organization.slug for membership in memberships_of(request.user)]
    last = request.session.get(LAST_ORGANIZATION)
    if last in slugs:
        return redirect("overview", org=last)
    return redirect("overview", org=slugs[0]) if slugs else redirect("organization-new")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def organization_new(request: SignedInRequest) -> HttpResponse:
    """accounts/organization_new.html: `form` (name, slug)."""
    form = TeamForm(request.POST or None)
    if form.is_valid():
        try:
            team = organizations.create_team(
                actor=request.user, name=form.cleaned_data["name"], slug=form.cleaned_data["slug"]
            )
            return redirect("members", org=team.slug)
        except Problem as problem:
            add_to_form(form, problem)
    return render(request, "accounts/organization_new.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@organization_page(at_least=Role.OWNER)
def settings(request: OrganizationRequest) -> HttpResponse:
    """accounts/settings.html: `form` (name)."""
    form = RenameForm(request.POST or None, initial={"name": request.organization.name})
    if form.is_valid():
        organizations.rename(actor=request.user, organization=request.organization, name=form.cleaned_data["name"])
        messages.success(request, _("The name is changed."))
        return redirect("settings", org=request.organization.slug)
    return render(request, "accounts/settings.html", {"form": form}, status=400 if form.errors else 200)
