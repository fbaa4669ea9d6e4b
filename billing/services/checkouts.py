"""Begins a payment: a row of ours first, then the provider's page for it."""

from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.models import Organization, User
from accounts.services import audit, idempotency
from billing.models import Payment
from billing.payments import choice
from billing.payments.provider import Checkout, Order, Provider
from billing.words import money_label
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from era_platform.common.money import MICRO, format_credits

LASTS = timedelta(hours=23)
"""A form is good for so long: the provider forgets the key of an order after a day."""


def begin(*, provider: Provider, actor: User, organization: Organization, credits: int, key: UUID) -> Checkout:
    """The page on which `credits` (whole ones, as micro-credits) are paid; the same `key` leads to the same payment.

    Raises InvalidInput, IdempotencyMismatch, Conflict where that payment can't be continued, and what the provider
    raises: then nothing was paid, and the same can be sent again.
    """
    payment = _payment(provider, actor, organization, credits, key)
    if payment.state != Payment.State.OPEN or clock.now() - payment.created_at > LASTS:
        raise Conflict(_("This payment was ended before. Begin a new one."))
    checkout = provider.checkout(_order(payment))  # outside of any transaction: it may take seconds
    with scope(organization=organization):
        Payment.objects.filter(pk=payment.pk, session_id="").update(session_id=checkout.session_id)
    return checkout


@transaction.atomic(durable=True)
def _payment(provider: Provider, actor: User, organization: Organization, credits: int, key: UUID) -> Payment:
    price = choice.price()
    if credits < MICRO or credits % MICRO or credits // MICRO > price.most_credits:
        raise InvalidInput(
            _("Whole credits are sold, from 1 to {most}, not {credits}.").format(
                most=price.most_credits, credits=format_credits(credits)
            ),
            field="credits",
        )
    with scope(organization=organization):
        new = uuid4()
        earlier = idempotency.claim(organization, f"payment:{key}", {"credits": credits}, reference=new)
        if earlier:
            return Payment.objects.get(pk=earlier)
        payment = Payment.objects.create(
            id=new,
            organization=organization,
            credits=credits,
            money=price.of(credits),
            currency=price.currency,
            provider=provider.name,
            created_by=actor,
        )
    audit.record(
        "payment.begun",
        actor=actor,
        organization=organization,
        target=payment.pk,
        credits=format_credits(credits),
        money=money_label(payment.money, payment.currency),
    )
    return payment


def _order(payment: Payment) -> Order:
    back = settings.ERA_PUBLIC_URL.rstrip("/") + reverse(
        "payment", kwargs={"org": payment.organization.slug, "payment_id": payment.pk}
    )
    return Order(
        payment_id=payment.pk,
        organization=payment.organization.slug,
        credits=str(payment.credits // MICRO),
        money=payment.money,
        currency=payment.currency,
        paid_url=back,
        left_url=f"{back}?left=1",
    )
