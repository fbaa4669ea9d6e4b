"""The ledger's checkpoint: moved on only past what is committed, and found out where it is wrong."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django_scopes import scopes_disabled

from accounts.models import LedgerAccount, LedgerCheckpoint, Transfer
from accounts.services import checkpoints, ledger
from era_platform.common.money import MICRO
from jobs.services import reconcile
from tests.factories import Tenant
from tests.jobs.ways import together, unguarded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def everywhere() -> Iterator[None]:
    with scopes_disabled():
        yield


def paid_in(tenant: Tenant, credits_: int = 1) -> Transfer:
    return ledger.top_up(tenant.organization, credits_ * MICRO, actor=None)


def kinds() -> set[str]:
    return {found.kind for found in (*reconcile.reconcile(), *reconcile.reconcile_history())}


def test_it_has_the_balances_of_then_and_what_follows_is_added(ours: Tenant, theirs: Tenant) -> None:
    last = paid_in(ours)
    assert checkpoints.advance(every=1)
    assert {point.account_id: point.total for point in LedgerCheckpoint.objects.all()} == dict(
        LedgerAccount.objects.exclude(balance=0).values_list("pk", "balance")
    )
    assert set(LedgerCheckpoint.objects.values_list("last_transfer", flat=True)) == {last.pk}
    paid_in(theirs, 3)
    assert kinds() == set()
    assert checkpoints.advance(every=1)
    assert kinds() == set()


def test_it_stays_where_too_little_has_come_since(ours: Tenant) -> None:
    paid_in(ours)
    assert checkpoints.advance(every=1)
    paid_in(ours)
    assert not checkpoints.advance(every=2)
    assert not checkpoints.advance(every=2)


def test_it_stays_while_somebody_writes(ours: Tenant) -> None:
    with transaction.atomic():
        paid_in(ours)
        assert together(lambda: checkpoints.advance(every=1)) == [False]
    assert checkpoints.advance(every=1)


def test_a_ledger_without_transfers_has_none() -> None:
    assert not checkpoints.advance(every=1)
    assert kinds() == set()


def test_a_balance_that_is_wrong_is_found_beside_a_checkpoint(ours: Tenant) -> None:
    paid_in(ours)
    checkpoints.advance(every=1)
    unguarded("accounts_ledgeraccount", "UPDATE accounts_ledgeraccount SET balance = balance + 1 WHERE kind = 'wallet'")
    assert kinds() == {"ledger_sum", "balance"}


def test_a_checkpoint_that_is_wrong_is_found_and_so_is_a_transfer_before_it(ours: Tenant) -> None:
    first = paid_in(ours)
    paid_in(ours)
    checkpoints.advance(every=1)
    unguarded("accounts_transfer", "UPDATE accounts_transfer SET amount = amount - 1 WHERE id = %s", first.pk)
    assert kinds() == {"checkpoint"}, "what has been added up is not read again every minute"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_ledgercheckpoint SET total = total + 1")
    assert kinds() == {"balance", "checkpoint"}
