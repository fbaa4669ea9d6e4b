"""Takes in what a provider says of payments: each event once, in whatever order they come.

Lock order: payment intent (advisory) → event → wallet row → payment row.
"""

import structlog
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from accounts.services import ledger
from billing.models import Payment, PaymentEvent
from billing.payments.provider import Fact
from billing.services import payments
from billing.words import money_label
from era_platform.common import clock, locks

UNKNOWN = "There is no payment that this is about, or none yet."
FACTS = ("kind", "amount", "whole", "currency", "session_id", "intent_id", "subject", "holds", "is_final")

log = structlog.get_logger(__name__)


@transaction.atomic(durable=True)
def receive(provider: str, fact: Fact) -> PaymentEvent:
    """Keep the event and do what follows from it. What can't be handled stays with its problem: an event of a payment
    that isn't known yet until that is, others for an operator, or until they are sent again."""
    if fact.intent_id:
        # Whoever names the payment of this intent, and whoever looks it up, come one after the other.
        locks.keep_until_commit(f"payment-intent:{provider}:{fact.intent_id}")
    event = _kept(provider, fact)
    if event.handled_at is None:
        found = _payments_of(event, fact)
        if len(found) == 1:
            _take_in(event, found.pop())
        else:
            _leave(event, "It names two payments." if found else UNKNOWN)
    return event


def _kept(provider: str, fact: Fact) -> PaymentEvent:
    """The event's row: a new one, or the one that is there, locked."""
    said = {name: getattr(fact, name) for name in FACTS}
    said |= {"type": fact.type[:80], "created": fact.created, "payload": fact.payload}
    try:
        with transaction.atomic():
            return PaymentEvent.objects.create(provider=provider, event_id=fact.event_id, **said)
    except IntegrityError:
        return PaymentEvent.objects.select_for_update().get(provider=provider, event_id=fact.event_id)


def _payments_of(event: PaymentEvent, fact: Fact) -> set[Payment]:
    """Those that the event names, by any of its ids. Only what is about a session names a payment by our own id."""
    names = {"session_id": event.session_id, "intent_id": event.intent_id, "pk": fact.payment_id}
    with scopes_disabled():
        return {
            payment
            for name, value in names.items()
            if value
            for payment in Payment.objects.select_related("organization").filter(
                provider=event.provider, **{name: value}
            )
        }


def _take_in(event: PaymentEvent, found: Payment) -> None:
    with scope(organization=found.organization):
        ledger.lock_wallet(found.organization)
        payment = Payment.objects.select_for_update(of=("self",)).select_related("organization").get(pk=found.pk)
        if problem := _contradiction(event, payment):
            _leave(event, problem, payment)
            return
        payment.session_id = payment.session_id or event.session_id
        payment.intent_id = payment.intent_id or event.intent_id
        _handled(event, payment)
        if payment.intent_id:
            _take_in_what_waited(payment)
        payments.settle(payment)


def _take_in_what_waited(payment: Payment) -> None:
    """Events that came before their payment's intent was known."""
    waiting = PaymentEvent.objects.filter(handled_at=None, provider=payment.provider, intent_id=payment.intent_id)
    for event in waiting.filter(payment=None).order_by("id"):
        if problem := _contradiction(event, payment):
            _leave(event, problem, payment)
        else:
            _handled(event, payment)


def _contradiction(event: PaymentEvent, payment: Payment) -> str:
    """Why the event can't be about the payment; empty where it can."""
    if event.session_id and payment.session_id not in ("", event.session_id):
        return "The payment has another session."
    if event.intent_id and payment.intent_id not in ("", event.intent_id):
        return "The payment has another payment intent."
    told = event.amount if event.whole is None else event.whole
    wrong = event.currency != payment.currency or (event.whole is not None and event.whole != payment.money)
    if wrong or told > payment.money or event.amount < 0:
        asked = money_label(payment.money, payment.currency)
        return f"It is about {money_label(told, event.currency)}, the payment about {asked}."
    return ""


def _handled(event: PaymentEvent, payment: Payment) -> None:
    event.payment, event.problem, event.handled_at = payment, "", clock.now()
    event.save(update_fields=["payment", "problem", "handled_at"])


def _leave(event: PaymentEvent, problem: str, payment: Payment | None = None) -> None:
    event.payment, event.problem = payment, problem[:200]
    event.save(update_fields=["payment", "problem"])
    log.warning("payment_event_left", event_id=event.event_id, type=event.type, problem=problem)
