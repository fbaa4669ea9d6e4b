"""What the ledger's services do with money, and that it never appears or goes away."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db.models import Sum
from django_scopes import scope, scopes_disabled

from accounts.models import Hold, LedgerAccount, Transfer
from accounts.selectors import Wallet, transfers_of, wallet_of
from accounts.services import ledger, wallets
from era_platform.common.errors import InsufficientFunds, InvalidInput
from era_platform.common.money import MICRO
from tests.factories import Tenant


@pytest.fixture(autouse=True)
def in_scope(ours: Tenant, theirs: Tenant) -> Iterator[None]:
    with scope(organization=ours.organization):
        yield


def hold(tenant: Tenant, amount: int) -> Hold:
    return ledger.hold(ledger.lock_wallet(tenant.organization), amount, reference=uuid4(), actor=tenant.member)


def sum_of_all_accounts() -> int:
    with scopes_disabled():
        return int(LedgerAccount.objects.aggregate(total=Sum("balance"))["total"])


def test_a_top_up_can_be_spent(ours: Tenant) -> None:
    wallets.top_up(actor=None, organization=ours.organization, amount=5 * MICRO, memo="gift")
    assert wallet_of(ours.organization) == Wallet(105 * MICRO, 0, 105 * MICRO, 0)


@pytest.mark.parametrize("amount", [0, -MICRO])
def test_a_top_up_is_more_than_nothing(ours: Tenant, amount: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        wallets.top_up(actor=None, organization=ours.organization, amount=amount)
    assert caught.value.field == "amount"


def test_what_is_held_is_owned_but_cannot_be_spent(ours: Tenant) -> None:
    hold(ours, 30 * MICRO)
    assert wallet_of(ours.organization) == Wallet(100 * MICRO, 30 * MICRO, 70 * MICRO, 0)


def test_everything_can_be_held_and_not_one_micro_credit_more(ours: Tenant) -> None:
    hold(ours, 100 * MICRO)
    with pytest.raises(InsufficientFunds) as caught:
        hold(ours, 1)
    assert caught.value.extra == {"price": "0.000001", "available": "0.00"}
    assert Hold.objects.count() == 1


def test_a_credit_limit_can_be_spent_too(ours: Tenant) -> None:
    LedgerAccount.objects.filter(kind="wallet").update(credit_limit=20 * MICRO)
    hold(ours, 120 * MICRO)
    assert wallet_of(ours.organization) == Wallet(100 * MICRO, 120 * MICRO, 0, 20 * MICRO)
    with pytest.raises(InsufficientFunds):
        hold(ours, 1)


def test_a_hold_can_be_captured_in_part_and_the_rest_given_back(ours: Tenant) -> None:
    held = hold(ours, 30 * MICRO)
    ledger.capture(held, 10 * MICRO)
    ledger.release(held, 20 * MICRO)
    assert wallet_of(ours.organization) == Wallet(90 * MICRO, 0, 90 * MICRO, 0)
    held.refresh_from_db()
    assert (held.captured, held.released, held.remaining) == (10 * MICRO, 20 * MICRO, 0)


def test_a_price_of_nothing_needs_no_transfer(ours: Tenant) -> None:
    before = Transfer.objects.count()
    ledger.capture(hold(ours, 0), 0)
    assert Transfer.objects.count() == before


def test_all_accounts_together_are_worth_nothing(ours: Tenant) -> None:
    held = hold(ours, 30 * MICRO)
    ledger.capture(held, 10 * MICRO)
    ledger.release(held, 5 * MICRO)
    assert sum_of_all_accounts() == 0


def test_the_history_says_what_each_did_to_what_can_be_spent(ours: Tenant) -> None:
    held = hold(ours, 3 * MICRO)
    ledger.capture(held, 1 * MICRO)
    ledger.release(held, 2 * MICRO)
    changes = [(transfer.kind, vars(transfer)["change"] // MICRO) for transfer in transfers_of(ours.organization)]
    assert changes == [("release", 2), ("capture", 0), ("hold", -3), ("top_up", 100)]


def test_another_tenants_wallet_is_out_of_reach(ours: Tenant, theirs: Tenant) -> None:
    with pytest.raises(LedgerAccount.DoesNotExist):
        ledger.lock_wallet(theirs.organization)
    assert not transfers_of(theirs.organization).exists()
