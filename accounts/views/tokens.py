"""API tokens: each member's own; owners see and end everybody's."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors
from accounts.forms import TokenForm
from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from accounts.services import tokens as service
from era_platform.common.errors import Forbidden, NotFound, Problem
from era_platform.common.problems import add_to_form


@require_safe
@organization_page()
def tokens(request: OrganizationRequest) -> HttpResponse:
    """accounts/tokens.html: `tokens` (with `is_expired`): one's own; for an owner, everybody's."""
    shown = selectors.tokens_of(request.organization)
    if request.membership.role != Role.OWNER:
        shown = shown.filter(user=request.user)
    return render(request, "accounts/tokens.html", {"tokens": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@organization_page()
def token_new(request: OrganizationRequest) -> HttpResponse:
    """accounts/token_new.html: `form` (name, expires_at); then accounts/token_created.html: `token`, `secret`."""
    form = TokenForm(request.POST or None)
    if form.is_valid():
        try:
            token, secret = service.create_token(
                actor=request.user, organization=request.organization, **form.cleaned_data
            )
            return render(request, "accounts/token_created.html", {"token": token, "secret": secret})
        except Problem as problem:
            add_to_form(form, problem)
    return render(request, "accounts/token_new.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@organization_page()
def token_revoke(request: OrganizationRequest, pk: int) -> HttpResponse:
    token = selectors.tokens_of(request.organization).filter(pk=pk).first()
    if token is None:
        raise NotFound(_("There is no such token."))
    if token.user != request.user and request.membership.role != Role.OWNER:
        raise Forbidden(_("This token is somebody else's; only an owner can revoke it."))
    service.revoke_token(actor=request.user, token=token)
    messages.success(request, _("The token “{name}” no longer works.").format(name=token.name))
    return redirect("tokens", org=request.organization.slug)
