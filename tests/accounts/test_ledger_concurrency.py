"""Many at one wallet at once, each on a connection of its own: nobody gets what isn't there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django_scopes import scope, scopes_disabled

from accounts.models import Hold, LedgerAccount
from accounts.selectors import wallet_of
from accounts.services import ledger, wallets
from era_platform.common.errors import InsufficientFunds
from era_platform.common.money import MICRO
from tests.factories import Tenant, a_tenant

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def at_once(work: Callable[[], bool], times: int) -> list[bool]:
    """Run `work` in all threads from the same moment on."""
    together = Barrier(THREADS)

    def run(number: int) -> bool:
        try:
            if number < THREADS:
                together.wait(30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(run, range(times)))


def try_to_hold(tenant: Tenant, amount: int) -> bool:
    try:
        with transaction.atomic(durable=True), scope(organization=tenant.organization):
            ledger.hold(ledger.lock_wallet(tenant.organization), amount, reference=uuid4(), actor=None)
    except InsufficientFunds:
        return False
    return True


def sum_of_all_accounts() -> int:
    with scopes_disabled():
        return int(LedgerAccount.objects.aggregate(total=Sum("balance"))["total"])


def test_of_many_holds_at_once_exactly_those_succeed_that_there_is_money_for() -> None:
    ours, theirs = a_tenant("ours"), a_tenant("theirs")
    held = at_once(lambda: try_to_hold(ours, 7 * MICRO), times=40)
    assert held.count(True) == 14  # 98 of 100 credits
    for tenant, left in ((ours, 2), (theirs, 100)):
        with scope(organization=tenant.organization):
            assert wallet_of(tenant.organization).available == left * MICRO
    assert sum_of_all_accounts() == 0


def test_holds_top_ups_and_captures_at_once_neither_wait_for_each_other_for_ever_nor_lose_money() -> None:
    ours = a_tenant("ours")

    def hold_then_settle_and_top_up() -> bool:
        if not try_to_hold(ours, MICRO):
            return False
        with transaction.atomic(durable=True), scope(organization=ours.organization):
            ledger.lock_wallet(ours.organization)
            held = Hold.objects.filter(captured=0, released=0).first()
            if held:
                ledger.capture(held, MICRO // 4)
                ledger.release(held, MICRO - MICRO // 4)
        wallets.top_up(actor=None, organization=ours.organization, amount=MICRO)
        return True

    assert all(at_once(hold_then_settle_and_top_up, times=64))
    with scope(organization=ours.organization):
        captured = Hold.objects.aggregate(total=Sum("captured"))["total"]
        assert wallet_of(ours.organization).balance == (100 + 64) * MICRO - captured
    assert sum_of_all_accounts() == 0
