"""What somebody sees who follows an invitation's link, signed in or not."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.services import invitations
from era_platform.common.errors import Problem
from era_platform.common.problems import problem_body


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """accounts/invitation.html: `invitation`, `problem` (why it can't be accepted, or None).

    POST accepts. Somebody who isn't signed in is shown ways to sign in and to sign up with `next` = this page.
    """
    user = request.user if request.user.is_authenticated else None
    if request.method == "POST":
        if user is None:
            return redirect_to_login(request.path)
        membership = invitations.accept(actor=user, secret=secret)
        messages.success(
            request, _("You are now a member of {organization}.").format(organization=membership.organization.name)
        )
        return redirect("overview", org=membership.organization.slug)
    found = invitations.find(secret)
    context: dict[str, Any] = {"invitation": found, "problem": None}
    try:
        invitations.check(found, user)
    except Problem as problem:
        context["problem"] = problem_body(problem)
        return render(request, "accounts/invitation.html", context, status=problem.status)
    return render(request, "accounts/invitation.html", context)
