"""An organization's webhooks, for its owners: their secret is shown when it is made and never again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Organization, Role
from era_platform.common.errors import NotFound, Problem
from era_platform.common.problems import add_to_form
from notifications.forms import WebhookForm
from notifications.models import Webhook
from notifications.selectors.notices import given_up, webhooks_of
from notifications.services import webhooks as service

SHOWN = 50


def find(organization: Organization, webhook: int) -> Webhook:
    """Raises NotFound for another organization's, and for one that was removed."""
    found = webhooks_of(organization).select_related("organization").filter(pk=webhook).first()
    if found is None:
        raise NotFound(_("There is no such webhook."))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@organization_page(at_least=Role.OWNER)
def webhooks(request: OrganizationRequest) -> HttpResponse:
    """notifications/webhooks.html: `webhooks`, `dead` (given up), `form`; notifications/secret.html: `webhook`."""
    form = WebhookForm(request.POST or None)
    if form.is_valid():
        try:
            made = service.add(actor=request.user, organization=request.organization, **form.cleaned_data)
            return render(request, "notifications/secret.html", {"webhook": made})
        except Problem as problem:
            add_to_form(form, problem)
    of = {"webhooks": webhooks_of(request.organization), "dead": given_up(request.organization)[:SHOWN], "form": form}
    return render(request, "notifications/webhooks.html", of, status=400 if form.errors else 200)


@require_POST
@never_cache
@organization_page(at_least=Role.OWNER)
def webhook_rotate(request: OrganizationRequest, webhook: int) -> HttpResponse:
    renewed = service.rotate(actor=request.user, webhook=find(request.organization, webhook))
    return render(request, "notifications/secret.html", {"webhook": renewed})


@require_POST
@organization_page(at_least=Role.OWNER)
def webhook_remove(request: OrganizationRequest, webhook: int) -> HttpResponse:
    service.remove(actor=request.user, webhook=find(request.organization, webhook))
    messages.success(request, _("Nothing is sent there any more."))
    return redirect("webhooks", org=request.organization.slug)


@require_POST
@organization_page(at_least=Role.OWNER)
def webhook_send_again(request: OrganizationRequest, delivery: int) -> HttpResponse:
    dead = given_up(request.organization).select_related("organization").filter(pk=delivery).first()
    if dead is None:
        raise NotFound(_("There is no such delivery that was given up."))
    service.send_again(actor=request.user, delivery=dead)
    messages.success(request, _("It is sent again now."))
    return redirect("webhooks", org=request.organization.slug)
