"""Stripe: its page for paying (Checkout) and its webhooks, through its own SDK."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import stripe
import structlog
from django.utils.translation import gettext as _

from billing.payments.provider import Checkout, Fact, FactKind, Order, ProviderUnavailable
from era_platform.common.errors import InvalidInput

TOLERANCE = 300
"""Seconds between the moment a webhook was signed and now, at most."""
TIMEOUT = 10.0
RETRIES = 2

SESSIONS = {
    "checkout.session.completed": FactKind.PENDING,  # PAID where it says so
    "checkout.session.async_payment_succeeded": FactKind.PAID,
    "checkout.session.async_payment_failed": FactKind.FAILED,
    "checkout.session.expired": FactKind.EXPIRED,
}
DISPUTES = "charge.dispute."
OVER = {"won", "lost", "warning_closed", "prevented"}
"""States in which a dispute ends. Those that begin with `warning_` are inquiries: no money has moved."""

log = structlog.get_logger(__name__)


class Stripe:
    name = "stripe"

    def __init__(self, *, secret_key: str, webhook_secret: str, api_base: str = "") -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )

    def checkout(self, order: Order) -> Checkout:
        try:
            session = self._client.v1.checkout.sessions.create(
                _session_of(order), {"idempotency_key": f"payment-{order.payment_id}"}
            )
        except stripe.StripeError as error:
            if error.code == "amount_too_small":
                raise InvalidInput(_("So few can't be paid for by card. Buy more at once."), field="credits") from error
            log.error("stripe_refused", payment=str(order.payment_id), error=type(error).__name__, code=error.code)
            raise ProviderUnavailable(
                _("The payment provider did not answer as it should. Nothing was paid; try again in a moment.")
            ) from error
        if not session.url:
            raise ProviderUnavailable(_("This payment can't be continued any more. Begin a new one."))
        return Checkout(session.id, session.url)

    def read_event(self, body: bytes, signature: str) -> Fact | None:
        try:
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, TOLERANCE)
            event = json.loads(body)
        # The SDK fails in several ways on a header or a body that isn't text.
        except (stripe.SignatureVerificationError, ValueError, TypeError) as error:
            raise InvalidInput(_("This is no event that the provider has signed."), field="Stripe-Signature") from error
        try:
            return _fact(event)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(_("This event lacks what events of its type have.")) from error


def _session_of(order: Order) -> Any:
    """https://docs.stripe.com/api/checkout/sessions/create"""
    about = {"payment": str(order.payment_id), "organization": order.organization}
    line = {
        "quantity": 1,
        "price_data": {
            "currency": order.currency,
            "unit_amount": order.money,
            "product_data": {"name": f"{order.credits} credits"},  # in one language: the same order is the same words
        },
    }
    return {
        "mode": "payment",
        "line_items": [line],
        "client_reference_id": str(order.payment_id),
        "metadata": about,
        "payment_intent_data": {"metadata": about},
        "adaptive_pricing": {"enabled": False},  # what is paid is in the currency that was asked for
        "success_url": order.paid_url,
        "cancel_url": order.left_url,
    }


def _fact(event: dict[str, Any]) -> Fact | None:
    kind, thing = event["type"], event["data"]["object"]
    common: dict[str, Any] = {
        "event_id": event["id"],
        "type": kind,
        "created": datetime.fromtimestamp(event["created"], UTC),
        "payload": event,
        "intent_id": _id(thing.get("payment_intent")),
        "currency": str(thing.get("currency") or "").lower(),
    }
    if kind in SESSIONS:
        return _of_session(SESSIONS[kind], thing, common)
    if kind == "charge.refunded":
        whole = int(thing["amount"])
        return Fact(
            **common,
            kind=FactKind.REFUNDED,
            amount=int(thing["amount_refunded"]),
            whole=whole,
            subject=thing["id"],
        )
    if kind.startswith(DISPUTES):
        status = thing["status"]
        holds = status not in ("won", "prevented") and not status.startswith("warning_")
        return Fact(
            **common,
            kind=FactKind.DISPUTED,
            amount=int(thing["amount"]),
            subject=thing["id"],
            holds=holds,
            is_final=status in OVER,
        )
    return None


def _of_session(kind: FactKind, session: dict[str, Any], common: dict[str, Any]) -> Fact:
    if kind == FactKind.PENDING and session["payment_status"] == "paid":
        kind = FactKind.PAID
    whole = int(session["amount_total"])
    return Fact(
        **common,
        kind=kind,
        amount=whole,
        whole=whole,
        session_id=session["id"],
        payment_id=_uuid(session.get("client_reference_id")),
    )


def _id(thing: Any) -> str:
    """Of what is named by its id, or is there as a whole."""
    return str(thing["id"] if isinstance(thing, dict) else thing or "")


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
