"""Buying credits: a form here, the provider's page, and back; and what the provider sends meanwhile."""

from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from billing.forms_payments import PaymentForm
from billing.models import Payment
from billing.payments import choice
from billing.payments.provider import Provider, ProviderUnavailable
from billing.services import checkouts, payment_events
from billing.words import money_label
from era_platform.common.errors import NotFound, Problem, TooLarge
from era_platform.common.money import MICRO, format_credits
from era_platform.common.problems import add_to_form

CHECKOUT = "https://checkout.stripe.com"
EVENT_BYTES = 256 * 1024
"""Of a webhook at most; Stripe's are a few KiB."""


class SeeOther(HttpResponseRedirect):
    """What was posted is done; what follows is another page, asked for by GET."""

    status_code = 303


# A browser holds the redirect that answers a form against the form's page, too: there, and nowhere else, forms may
# lead to the provider.
@csp_update({"form-action": [CHECKOUT]})
@require_http_methods(["GET", "HEAD", "POST"])
@organization_page(at_least=Role.OWNER)
def payment_new(request: OrganizationRequest) -> HttpResponse:
    """billing/payment_new.html: `form`, `price` (of a credit); answers a payment that was begun with the way to it."""
    provider, price = _provider(), choice.price()
    form = PaymentForm(request.POST if request.method == "POST" else None, most=price.most_credits)
    if form.is_valid():
        try:
            checkout = checkouts.begin(
                provider=provider,
                actor=request.user,
                organization=request.organization,
                credits=form.cleaned_data["credits"] * MICRO,
                key=form.cleaned_data["key"],
            )
            return SeeOther(checkout.url)
        except Problem as problem:
            add_to_form(form, problem)
            if not isinstance(problem, ProviderUnavailable):
                form.renew()
    context = {"form": form, "price": money_label(price.cents, price.currency)}
    return render(request, "billing/payment_new.html", context, status=400 if form.errors else 200)


@require_safe
@organization_page(at_least=Role.OWNER)
def payment(request: OrganizationRequest, payment_id: UUID) -> HttpResponse:
    """Where the provider's page leads back to: the wallet, with a note."""
    _provider()
    found = Payment.objects.filter(pk=payment_id).first()
    if found is None:
        raise NotFound(_("There is no payment {id}.").format(id=payment_id))
    if found.state == Payment.State.PAID:
        text = _("Paid: {credits} credits were added.").format(credits=format_credits(found.credited))
        messages.success(request, text)
    elif "left" in request.GET:
        messages.info(request, _("Nothing was paid."))
    else:
        messages.info(request, _("Thank you. The credits are added as soon as the payment is confirmed."))
    return redirect("wallet", request.organization.slug)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Answers 200 for whatever is kept, handled or not: it need not be sent again."""
    provider = _provider()
    try:
        fact = provider.read_event(_body(request), request.headers.get("Stripe-Signature", ""))
    except Problem as problem:
        return HttpResponse(f"{problem.detail}\n", status=problem.status, content_type="text/plain; charset=utf-8")
    if fact is not None:
        payment_events.receive(provider.name, fact)
    return HttpResponse("ok\n", content_type="text/plain")


def _body(request: HttpRequest) -> bytes:
    body = request.read(EVENT_BYTES + 1)
    if len(body) > EVENT_BYTES:
        raise TooLarge(f"An event has at most {EVENT_BYTES} bytes.")
    return body


def _provider() -> Provider:
    """Raises NotFound where credits can't be paid for: then there are no such pages."""
    if provider := choice.provider():
        return provider
    raise NotFound(_("There is nothing at this address, or it is not yours."))
