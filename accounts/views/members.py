"""Who is in an organization, who is invited, and who may change that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors
from accounts.forms import InviteForm, RoleForm
from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Invitation, Membership, Role
from accounts.services import invitations, memberships
from era_platform.common import clock
from era_platform.common.errors import InvalidInput, NotFound, Problem
from era_platform.common.problems import add_to_form


@require_safe
@organization_page()
def members(request: OrganizationRequest) -> HttpResponse:
    """accounts/members.html: `members`, `invitations` (open or expired), `roles` (value, label), `now`."""
    return render(
        request,
        "accounts/members.html",
        {
            "members": selectors.members_of(request.organization),
            "invitations": selectors.open_invitations(request.organization),
            "roles": Role.choices,
            "now": clock.now(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@organization_page(at_least=Role.OWNER)
def invite(request: OrganizationRequest) -> HttpResponse:
    """accounts/invite.html: `form` (email, role); then accounts/invited.html: `invitation`, `link` (shown once)."""
    form = InviteForm(request.POST or None)
    if form.is_valid():
        try:
            invitation, link = invitations.invite(
                actor=request.user, organization=request.organization, **form.cleaned_data
            )
            return render(request, "accounts/invited.html", {"invitation": invitation, "link": link})
        except Problem as problem:
            add_to_form(form, problem)
    return render(request, "accounts/invite.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@organization_page(at_least=Role.OWNER)
def invitation_revoke(request: OrganizationRequest, pk: int) -> HttpResponse:
    invitation = Invitation.objects.filter(organization=request.organization, pk=pk).first()
    if invitation is None:
        raise NotFound(_("There is no such invitation."))
    invitations.revoke(actor=request.user, invitation=invitation)
    messages.success(request, _("The invitation for {email} is withdrawn.").format(email=invitation.email))
    return redirect("members", org=request.organization.slug)


@require_POST
@organization_page(at_least=Role.OWNER)
def member_role(request: OrganizationRequest, pk: int) -> HttpResponse:
    """`role` in the form's data."""
    membership = _membership(request, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("Choose one of the roles."), field="role")
    memberships.change_role(actor=request.user, membership=membership, role=form.cleaned_data["role"])
    messages.success(request, _("The role of {user} is changed.").format(user=membership.user))
    return redirect("members", org=request.organization.slug)


@require_POST
@organization_page(at_least=Role.OWNER)
def member_remove(request: OrganizationRequest, pk: int) -> HttpResponse:
    membership = _membership(request, pk)
    memberships.remove(actor=request.user, membership=membership)
    messages.success(request, _("{user} is no longer a member.").format(user=membership.user))
    return redirect("members", org=request.organization.slug)


@require_POST
@organization_page()
def leave(request: OrganizationRequest) -> HttpResponse:
    memberships.remove(actor=request.user, membership=request.membership)
    messages.success(request, _("You have left {organization}.").format(organization=request.organization.name))
    return redirect("home")


def _membership(request: OrganizationRequest, pk: int) -> Membership:
    membership = (
        Membership.objects.select_related("user", "organization")
        .filter(organization=request.organization, pk=pk)
        .first()
    )
    if membership is None:
        raise NotFound(_("There is no such member."))
    return membership
