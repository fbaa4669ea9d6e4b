"""Payments as tests begin them, and what Stripe would send about them: events of its shape, with real signatures."""

import itertools
import json
import time
from typing import Any

import stripe
from django.db import transaction
from django.test import Client
from django_scopes import scope, scopes_disabled

from accounts.models import LedgerAccount, Organization, Transfer
from accounts.selectors import wallet_of
from accounts.services import ledger
from billing.models import Payment, PaymentEvent
from era_platform.common.money import MICRO
from tests.factories import Tenant, a_client

SECRET = "whsec_only_for_tests"
WEBHOOK = "/payments/stripe/"
_numbers = itertools.count(1)

Event = dict[str, Any]


def a_payment(tenant: Tenant, *, credits: int = 50, session: str | None = None) -> Payment:
    """Begun, at one euro for a credit, with the session that Stripe made for it."""
    with scope(organization=tenant.organization):
        return Payment.objects.create(
            organization=tenant.organization,
            credits=credits * MICRO,
            money=credits * 100,
            currency="eur",
            provider="stripe",
            session_id=f"cs_{next(_numbers)}" if session is None else session,
            created_by=tenant.owner,
        )


def intent_of(payment: Payment) -> str:
    return f"pi_{str(payment.pk)[:8]}"


def an_event(kind: str, thing: dict[str, Any], created: int = 0) -> Event:
    """https://docs.stripe.com/api/events/object"""
    return {
        "id": f"evt_{next(_numbers)}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": created or int(time.time()),
        "data": {"object": thing},
        "livemode": False,
        "pending_webhooks": 1,
        "type": kind,
    }


def session(payment: Payment, what: str = "completed", **fields: Any) -> Event:
    """What Checkout says: https://docs.stripe.com/api/checkout/sessions/object"""
    paid = what in ("completed", "async_payment_succeeded")
    thing = {
        "id": payment.session_id or f"cs_of_{payment.pk}",
        "object": "checkout.session",
        "amount_total": payment.money,
        "client_reference_id": str(payment.pk),
        "currency": payment.currency,
        "metadata": {"payment": str(payment.pk)},
        "mode": "payment",
        "payment_intent": None if what == "expired" else intent_of(payment),
        "payment_status": "paid" if paid else "unpaid",
        "status": "expired" if what == "expired" else "complete",
    }
    return an_event(f"checkout.session.{what}", thing | fields)


def refunded(payment: Payment, amount: int, **fields: Any) -> Event:
    """`amount` cents in all so far: https://docs.stripe.com/api/charges/object"""
    thing = {
        "id": f"ch_{intent_of(payment)}",
        "object": "charge",
        "amount": payment.money,
        "amount_refunded": amount,
        "currency": payment.currency,
        "payment_intent": intent_of(payment),
        "refunded": amount == payment.money,
        "status": "succeeded",
    }
    return an_event("charge.refunded", thing | fields)


def disputed(payment: Payment, what: str, status: str, amount: int | None = None, number: int = 1) -> Event:
    """https://docs.stripe.com/api/disputes/object"""
    thing = {
        "id": f"dp_{number}_{intent_of(payment)}",
        "object": "dispute",
        "amount": payment.money if amount is None else amount,
        "charge": f"ch_{intent_of(payment)}",
        "currency": payment.currency,
        "payment_intent": intent_of(payment),
        "reason": "fraudulent",
        "status": status,
    }
    return an_event(f"charge.dispute.{what}", thing)


def signature(body: str, *, secret: str = SECRET, at: float | None = None) -> str:
    """Made by the SDK, as Stripe makes it."""
    return stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time() if at is None else at))


def post(body: str | bytes, header: str, client: Client | None = None) -> Any:
    address = client or a_client()
    return address.post(WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": header})


def send(*events: Event) -> None:
    """Each is taken, as Stripe would want it."""
    for event in events:
        body = json.dumps(event, indent=2)
        answer = post(body, signature(body))
        assert answer.status_code == 200, answer.content


def left(event: Event) -> str:
    """Why the event was not handled; empty where it was."""
    kept = PaymentEvent.objects.get(event_id=event["id"])
    assert bool(kept.problem) == (kept.handled_at is None)
    return kept.problem


def available(tenant: Tenant) -> float:
    """Credits."""
    with scope(organization=tenant.organization):
        return wallet_of(tenant.organization).available / MICRO


def now(payment: Payment) -> Payment:
    with scopes_disabled():
        return Payment.objects.select_related("organization").get(pk=payment.pk)


def lines(payment: Payment) -> list[tuple[str, float, str]]:
    """What the statement says of it: kind, credits, and the memo with … for its number."""
    with scopes_disabled():
        found = Transfer.objects.filter(memo__contains=str(payment)).order_by("id")
        return [(one.kind, one.amount / MICRO, one.memo.replace(str(payment), "…")) for one in found]


def spend(organization: Organization, credits: int) -> None:
    """As a withdrawal, which is the shortest way to have less."""
    with transaction.atomic(), scope(organization=organization):
        ledger.withdraw(ledger.lock_wallet(organization), credits * MICRO, actor=None, memo="spent")


def books_balance() -> bool:
    with scopes_disabled():
        return sum(LedgerAccount.objects.values_list("balance", flat=True)) == 0
