"""Every movement of money. Services that call these have opened the transaction and hold the wallet's row.

Amounts are micro-credits. Lock order: pool row → wallet row → job row.
"""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from django.utils.translation import gettext as _
from django_scopes import get_scope, scopes_disabled
from django_scopes.exceptions import ScopeError

from accounts.models import Hold, LedgerAccount, Organization, Transfer, User
from era_platform.common import rows
from era_platform.common.bulk import copy_rows, random_ids
from era_platform.common.errors import InsufficientFunds, InvalidInput
from era_platform.common.money import format_credits

Kind = LedgerAccount.Kind


def open_accounts(organization: Organization) -> None:
    """Give a new organization its wallet and its account of held money."""
    accounts = [LedgerAccount(organization=organization, kind=kind) for kind in (Kind.WALLET, Kind.HELD)]
    LedgerAccount.objects.bulk_create(accounts, ignore_conflicts=True)


def lock_wallet(organization: Organization) -> LedgerAccount:
    """The organization's wallet, its row locked until the transaction ends."""
    _check_scope(organization)
    wallet = rows.first(LedgerAccount, "organization_id = %s AND kind = 'wallet' FOR NO KEY UPDATE", organization.pk)
    assert wallet, "every organization has one"
    wallet.organization = organization  # it is at hand: no need to ask for it
    return wallet


def hold(wallet: LedgerAccount, amount: int, *, reference: UUID, actor: User | None) -> Hold:
    """Set `amount` aside for `reference`. Raises InsufficientFunds; nothing is written then."""
    assert wallet.organization, "only the platform's own accounts have none"
    check_funds(wallet, amount)
    held = Hold(organization=wallet.organization, amount=amount, reference=reference)
    rows.add(held)
    if amount:
        _move(Transfer.Kind.HOLD, wallet.pk, _account(held.organization_id, Kind.HELD), amount, held, actor)
    return held


def hold_many(wallet: LedgerAccount, amounts: Sequence[tuple[UUID, int]], *, actor: User | None) -> None:
    """Set aside an amount for each reference, all together. Raises InsufficientFunds; nothing is written then."""
    check_funds(wallet, sum(amount for _reference, amount in amounts))
    holds = [(hold_id, *amount) for hold_id, amount in zip(random_ids(len(amounts)), amounts, strict=True)]
    organization = wallet.organization_id
    copy_rows(
        Hold,
        ("organization_id", "id", "reference", "amount"),
        ((organization, hold_id, reference, amount) for hold_id, reference, amount in holds),
    )
    same = (
        organization,
        str(Transfer.Kind.HOLD),
        wallet.pk,
        _account(organization or 0, Kind.HELD),
        actor and actor.pk,
    )
    copy_rows(
        Transfer,
        ("organization_id", "kind", "source_id", "target_id", "actor_id", "hold_id", "reference", "amount"),
        ((*same, hold_id, reference, amount) for hold_id, reference, amount in holds if amount),
    )


def available(wallet: LedgerAccount) -> int:
    """What can be spent."""
    return wallet.balance + wallet.credit_limit


def check_funds(wallet: LedgerAccount, amount: int) -> None:
    """Raises InsufficientFunds where less than `amount` can be spent."""
    if amount > available(wallet):
        price, left = format_credits(amount), format_credits(available(wallet))
        raise InsufficientFunds(
            _("The price is {price} credits; the wallet has {available} available.").format(
                price=price, available=left
            ),
            price=price,
            available=left,
        )


def capture(held: Hold, amount: int, *, actor: User | None = None) -> None:
    """Take `amount` of what is held as paid."""
    if amount:
        source = _account(held.organization_id, Kind.HELD)
        _move(Transfer.Kind.CAPTURE, source, _platform(Kind.REVENUE).pk, amount, held, actor)


def release(held: Hold, amount: int, *, actor: User | None = None) -> None:
    """Give `amount` of what is held back to the wallet."""
    if amount:
        source = _account(held.organization_id, Kind.HELD)
        _move(Transfer.Kind.RELEASE, source, _account(held.organization_id, Kind.WALLET), amount, held, actor)


def top_up(organization: Organization, amount: int, *, actor: User | None, memo: str = "") -> Transfer:
    """Put money into a wallet from outside."""
    if amount <= 0:
        raise InvalidInput(
            _("A top-up must be more than 0, not {amount}.").format(amount=format_credits(amount)), field="amount"
        )
    return _pay_in(Transfer.Kind.TOP_UP, organization, amount, _platform(Kind.FUNDING), memo=memo, actor=actor)


def credit(
    organization: Organization, amount: int, *, reference: UUID | None, actor: User | None = None, memo: str = ""
) -> Transfer | None:
    """Give the organization `amount` for a promise that was not kept; it comes from outside, as a top-up does."""
    if not amount:
        return None
    source = _platform(Kind.FUNDING)
    return _pay_in(Transfer.Kind.CREDIT, organization, amount, source, reference=reference, memo=memo, actor=actor)


def refund(organization: Organization, amount: int, *, reference: UUID, actor: User | None, memo: str) -> Transfer:
    """Give back `amount` of what was captured for the job `reference`, out of what the platform earned."""
    source = _platform(Kind.REVENUE)
    return _pay_in(Transfer.Kind.REFUND, organization, amount, source, reference=reference, memo=memo, actor=actor)


def withdraw(wallet: LedgerAccount, amount: int, *, actor: User | None, memo: str) -> Transfer:
    """Pay `amount` of the wallet back to outside, as after a payment that was disputed. Raises InsufficientFunds."""
    check_funds(wallet, amount)
    with scopes_disabled():
        return Transfer.objects.create(
            organization_id=wallet.organization_id or 0,
            kind=Transfer.Kind.WITHDRAWAL,
            source=wallet,
            target=_platform(Kind.FUNDING),
            amount=amount,
            memo=memo,
            actor=actor,
        )


def _pay_in(
    kind: Transfer.Kind,
    organization: Organization,
    amount: int,
    source: LedgerAccount,
    *,
    reference: UUID | None = None,
    memo: str,
    actor: User | None,
) -> Transfer:
    """From one of the platform's accounts into the organization's wallet."""
    with scopes_disabled():
        return Transfer.objects.create(
            organization=organization,
            kind=kind,
            source=source,
            target_id=_account(organization.pk, Kind.WALLET),
            amount=amount,
            reference=reference,
            memo=memo,
            actor=actor,
        )


def _move(kind: Transfer.Kind, source: int, target: int, amount: int, held: Hold, actor: User | None) -> None:
    """From the account with the key `source` to the one with the key `target`."""
    rows.add(
        Transfer(
            organization_id=held.organization_id,
            kind=kind,
            source_id=source,
            target_id=target,
            amount=amount,
            hold=held,
            reference=held.reference,
            actor=actor,
        )
    )


def _check_scope(organization: Organization) -> None:
    """What a queryset would do: nothing of one tenant while another one's scope is open, or none."""
    state = get_scope()
    if state.get("_enabled", True):
        if "organization" not in state:
            raise ScopeError("a wallet can't be looked up without an open scope")
        if state["organization"] != organization:
            raise LedgerAccount.DoesNotExist


@lru_cache(maxsize=10_000)
def _account(organization_id: int, kind: Kind) -> int:
    """The key of an organization's account; accounts are never removed, nor given to another."""
    return LedgerAccount.objects.values_list("pk", flat=True).get(organization_id=organization_id, kind=kind)


def _platform(kind: Kind) -> LedgerAccount:
    """The platform's own account of this kind; it belongs to no tenant."""
    with scopes_disabled():
        return LedgerAccount.objects.get(organization=None, kind=kind)
