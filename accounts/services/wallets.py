"""Putting money into a wallet from outside, as an operator does."""

from django.db import transaction
from django_scopes import scope

from accounts.models import Organization, Transfer, User
from accounts.services import audit, ledger
from era_platform.common.money import format_credits


@transaction.atomic(durable=True)
def top_up(*, actor: User | None, organization: Organization, amount: int, memo: str = "") -> Transfer:
    """Add `amount` micro-credits; nobody is the actor of what the platform gives. Raises InvalidInput unless > 0."""
    with scope(organization=organization):
        ledger.lock_wallet(organization)
        transfer = ledger.top_up(organization, amount, actor=actor, memo=memo)
    audit.record(
        "wallet.topped_up",
        actor=actor,
        organization=organization,
        target=organization,
        amount=format_credits(amount),
        memo=memo,
    )
    return transfer
