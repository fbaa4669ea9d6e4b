"""What the ledger moves for payments: the difference between what should stand, by all that was said, and what stands.

The caller has opened the transaction and the organization's scope, and holds the wallet's row and the payment's.
"""

from django.db import transaction
from django.db.models import Min
from django_scopes import scope, scopes_disabled

from accounts.models import Organization, User
from accounts.services import audit, idempotency, ledger
from billing.models import Payment
from billing.payments.folding import Folded, Said, fold, stands
from billing.payments.provider import FactKind
from billing.words import money_label
from era_platform.common.money import format_credits

State = Payment.State


def settle(payment: Payment) -> None:
    """Fold the events that the payment has taken in, and move what is missing."""
    folded = _folded(payment)
    payment.state = _state(folded)
    if folded.is_paid and not payment.credited:
        paid = payment.events.filter(kind=FactKind.PAID, handled_at__isnull=False)
        payment.paid_at = paid.aggregate(first=Min("created"))["first"]
        _move(payment, payment.credits, f"Payment {payment}: {money_label(payment.money, payment.currency)}")
        payment.credited = payment.credits
    # Refunds first, then disputes: a line for each on the statement, also where both are told at once.
    held_before = min(payment.disputed, payment.money - folded.refunded)
    _stand(payment, folded.refunded + held_before, f"Refund of payment {payment}")
    _stand(payment, folded.refunded + folded.disputed, f"Dispute of payment {payment}")
    payment.refunded, payment.disputed = folded.refunded, folded.disputed
    payment.save()
    collect(payment.organization)
    payment.refresh_from_db()


def collect(organization: Organization) -> None:
    """Take what payments still owe, the oldest first, as far as it is there."""
    owing = Payment.objects.filter(organization=organization, owed__gt=0).select_related("organization")
    for payment in owing.select_for_update(of=("self",)).order_by("created_at", "id"):
        if _take(payment, payment.owed, f"Owed for payment {payment}"):
            payment.save()


def collect_all() -> None:
    """Of all organizations that owe something: money comes back to a wallet by more ways than by paying in."""
    with scopes_disabled():
        owing = Payment.objects.filter(owed__gt=0).values("organization")
        organizations = list(Organization.objects.filter(pk__in=owing).order_by("pk"))
    for organization in organizations:
        with transaction.atomic(durable=True), scope(organization=organization):
            ledger.lock_wallet(organization)
            collect(organization)


def _folded(payment: Payment) -> Folded:
    said = [
        Said(
            FactKind(one.kind),
            one.amount,
            one.subject,
            one.holds,
            one.is_final,
            (one.created.timestamp(), one.event_id),
        )
        for one in payment.events.filter(handled_at__isnull=False)
    ]
    return fold(said, payment.money)


def _state(folded: Folded) -> Payment.State:
    if folded.is_paid:
        return State.PAID
    return State.FAILED if folded.is_failed else State.EXPIRED if folded.is_expired else State.OPEN


def _stand(payment: Payment, gone: int, memo: str) -> None:
    """Move so much that `gone` of the money is gone from the credits, too; what isn't there to be taken is owed."""
    due = payment.credited and payment.credited - stands(payment.credits, payment.money, gone)
    payment.owed = max(due - payment.taken, 0)
    if due < payment.taken:
        _move(payment, payment.taken - due, f"{memo}: given back")
        payment.taken = due
    elif payment.owed:
        _take(payment, payment.owed, memo)


def _take(payment: Payment, amount: int, memo: str) -> int:
    """Out of the wallet, at most `amount` of what is owed. Returns how much."""
    there = max(ledger.available(ledger.lock_wallet(payment.organization)), 0)
    if amount := min(amount, there):
        _move(payment, -amount, memo)
        payment.taken += amount
        payment.owed -= amount
    return amount


def _move(payment: Payment, amount: int, memo: str) -> None:
    """Into the wallet, or out of it where `amount` is less than 0; once for each version of the payment."""
    payment.version += 1
    organization, key = payment.organization, f"payment:{payment.pk}:{payment.version}"
    claimed = idempotency.claim(organization, key, {"amount": amount}, reference=payment.pk)
    assert claimed is None, "who holds the payment's row makes its next version"
    if amount > 0:
        actor: User | None = None if payment.credited else payment.created_by
        ledger.top_up(organization, amount, actor=actor, memo=memo)
    else:
        ledger.withdraw(ledger.lock_wallet(organization), -amount, actor=None, memo=memo)
    audit.record(
        "payment.moved",
        actor=None,
        organization=organization,
        target=payment.pk,
        amount=format_credits(amount),
        memo=memo,
        version=payment.version,
    )
