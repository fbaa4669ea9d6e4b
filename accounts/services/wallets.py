"""Putting money into wallets from outside."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django_scopes import scope

from accounts.models import Organization, Transfer, User
from accounts.services import audit, ledger
from era_platform.common.money import format_credits

after_paying_in: list[Callable[[Organization], None]] = []
"""What is done when money has come: in the same transaction, with the wallet's row locked. Apps above add theirs."""


@transaction.atomic(durable=True)
def top_up(*, actor: User | None, organization: Organization, amount: int, memo: str = "") -> Transfer:
    """Add `amount` micro-credits; nobody is the actor of what the platform gives. Raises InvalidInput unless > 0."""
    return add(actor, organization, amount, memo)


def add(actor: User | None, organization: Organization, amount: int, memo: str, **note: Any) -> Transfer:
    """The same within the caller's transaction; `note` is what else the audit record says."""
    with scope(organization=organization):
        ledger.lock_wallet(organization)
        transfer = ledger.top_up(organization, amount, actor=actor, memo=memo)
        for use in after_paying_in:
            use(organization)
    audit.record(
        "wallet.topped_up",
        actor=actor,
        organization=organization,
        target=organization,
        amount=format_credits(amount),
        memo=memo,
        **note,
    )
    return transfer
