"""What PostgreSQL refuses of the ledger, tried by SQL: past every service, as a careless hand would."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scope, scopes_disabled

from accounts.models import Hold, LedgerAccount
from accounts.services import ledger
from era_platform.common.money import MICRO
from tests.factories import Tenant

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(statement: str, *values: Any, saying: str) -> None:
    with pytest.raises(IntegrityError, match=saying):
        sql(statement, *values)


def account(kind: str, tenant: Tenant | None = None) -> int:
    with scopes_disabled():
        return LedgerAccount.objects.get(kind=kind, organization=tenant.organization if tenant else None).pk


def balance(kind: str, tenant: Tenant | None = None) -> int:
    with scopes_disabled():
        return LedgerAccount.objects.get(pk=account(kind, tenant)).balance


def a_hold(tenant: Tenant, amount: int = 10 * MICRO) -> Hold:
    with transaction.atomic(), scope(organization=tenant.organization):
        return ledger.hold(ledger.lock_wallet(tenant.organization), amount, reference=uuid4(), actor=None)


def an_empty_hold(tenant: Tenant, amount: int = MICRO) -> Hold:
    """One that no transfer has filled yet."""
    with scope(organization=tenant.organization):
        return Hold.objects.create(organization=tenant.organization, amount=amount, reference=uuid4())


TRANSFER = """INSERT INTO accounts_transfer
    (organization_id, kind, source_id, target_id, amount, hold_id, memo, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, '', now())"""


def transfer(
    tenant: Tenant, kind: str, source: int, target: int, amount: int = MICRO, hold: UUID | None = None
) -> tuple[str, Any, Any, Any, Any, Any, Any]:
    return (TRANSFER, tenant.organization.pk, kind, source, target, amount, hold)


def test_a_balance_cannot_be_written(ours: Tenant) -> None:
    refused(
        "UPDATE accounts_ledgeraccount SET balance = balance + 1 WHERE id = %s",
        account("wallet", ours),
        saying="by transfers only",
    )


def test_an_account_cannot_begin_with_money(ours: Tenant) -> None:
    refused(
        "INSERT INTO accounts_ledgeraccount (organization_id, kind, balance, credit_limit, created_at) "
        "VALUES (%s, 'wallet', 5, 0, now())",
        ours.organization.pk,
        saying="begins at 0",
    )


def test_an_account_cannot_change_hands(ours: Tenant, theirs: Tenant) -> None:
    refused(
        "UPDATE accounts_ledgeraccount SET organization_id = %s WHERE id = %s",
        theirs.organization.pk,
        account("wallet", ours),
        saying="by transfers only",
    )


def test_an_account_cannot_be_removed(ours: Tenant) -> None:
    refused("DELETE FROM accounts_ledgeraccount WHERE id = %s", account("held", ours), saying="never removed")


@pytest.mark.parametrize("kind", ["wallet", "revenue"])
def test_there_is_one_account_of_a_kind(ours: Tenant, kind: str) -> None:
    refused(
        "INSERT INTO accounts_ledgeraccount (organization_id, kind, balance, credit_limit, created_at) "
        "VALUES (%s, %s, 0, 0, now())",
        ours.organization.pk if kind == "wallet" else None,
        kind,
        saying="ledger_account_unique",
    )


def test_the_platforms_accounts_belong_to_no_tenant(ours: Tenant) -> None:
    refused(
        "INSERT INTO accounts_ledgeraccount (organization_id, kind, balance, credit_limit, created_at) "
        "VALUES (%s, 'revenue', 0, 0, now())",
        ours.organization.pk,
        saying="tenant_matches_kind",
    )


def test_a_credit_limit_is_not_negative(ours: Tenant) -> None:
    refused(
        "UPDATE accounts_ledgeraccount SET credit_limit = -1 WHERE id = %s",
        account("wallet", ours),
        saying="ledger_credit_limit_positive",
    )


def test_a_credit_limit_cannot_be_taken_below_what_is_owed(ours: Tenant) -> None:
    wallet = account("wallet", ours)
    sql("UPDATE accounts_ledgeraccount SET credit_limit = %s WHERE id = %s", 50 * MICRO, wallet)
    a_hold(ours, 120 * MICRO)
    refused("UPDATE accounts_ledgeraccount SET credit_limit = 0 WHERE id = %s", wallet, saying="within_credit_limit")


def test_a_wallet_cannot_fall_below_its_limit(ours: Tenant) -> None:
    reference = uuid4()
    sql(
        "INSERT INTO accounts_hold (id, organization_id, amount, captured, released, reference, created_at) "
        "VALUES (%s, %s, %s, 0, 0, %s, now())",
        reference,
        ours.organization.pk,
        101 * MICRO,
        reference,
    )
    too_much = transfer(ours, "hold", account("wallet", ours), account("held", ours), 101 * MICRO, reference)
    refused(*too_much, saying="within_credit_limit")
    assert balance("wallet", ours) == 100 * MICRO


@pytest.mark.parametrize("amount", [0, -1, -MICRO])
def test_a_transfer_moves_a_positive_amount(ours: Tenant, amount: int) -> None:
    refused(
        *transfer(ours, "top_up", account("funding"), account("wallet", ours), amount),
        saying="transfer_amount_positive|hold_not_exceeded|within_credit_limit",
    )


WRONG_WAYS = [
    ("top_up", "revenue", "wallet"),
    ("top_up", "wallet", "funding"),
    ("top_up", "funding", "held"),
    ("hold", "held", "wallet"),
    ("hold", "wallet", "revenue"),
    ("capture", "wallet", "revenue"),
    ("capture", "held", "funding"),
    ("release", "wallet", "held"),
    ("refund", "funding", "wallet"),
    ("credit", "revenue", "wallet"),
    ("withdrawal", "wallet", "revenue"),
    ("withdrawal", "held", "funding"),
    ("withdrawal", "funding", "wallet"),
    ("gift", "funding", "wallet"),
]


@pytest.mark.parametrize(("kind", "source", "target"), WRONG_WAYS)
def test_money_moves_only_the_ways_that_have_a_name(ours: Tenant, kind: str, source: str, target: str) -> None:
    def of(name: str) -> int:
        return account(name, ours if name in ("wallet", "held") else None)

    held = None if kind in ("top_up", "refund", "credit", "withdrawal", "gift") else an_empty_hold(ours).pk
    refused(*transfer(ours, kind, of(source), of(target), MICRO, held), saying="never moves|transfer_hold_matches_kind")


def test_a_transfer_stays_within_one_organization(ours: Tenant, theirs: Tenant) -> None:
    held = a_hold(ours)
    refused(*transfer(ours, "top_up", account("funding"), account("wallet", theirs)), saying="within one organization")
    to_them = transfer(ours, "release", account("held", ours), account("wallet", theirs), MICRO, held.pk)
    refused(*to_them, saying="within one organization")


def test_anothers_hold_cannot_be_captured(ours: Tenant, theirs: Tenant) -> None:
    held = a_hold(ours)
    a_hold(theirs)
    capture = transfer(theirs, "capture", account("held", theirs), account("revenue"), MICRO, held.pk)
    refused(*capture, saying="within one organization")


@pytest.mark.parametrize("kind", ["capture", "release"])
def test_no_more_leaves_a_hold_than_went_in(ours: Tenant, kind: str) -> None:
    held, _other = a_hold(ours), a_hold(ours)
    target = account("revenue") if kind == "capture" else account("wallet", ours)
    sql(*transfer(ours, "capture", account("held", ours), account("revenue"), 6 * MICRO, held.pk))
    refused(*transfer(ours, kind, account("held", ours), target, 5 * MICRO, held.pk), saying="hold_not_exceeded")


def test_a_hold_is_filled_once_and_wholly(ours: Tenant) -> None:
    source, target = account("wallet", ours), account("held", ours)
    refused(*transfer(ours, "hold", source, target, 2 * MICRO, an_empty_hold(ours).pk), saying="is not filled by")
    held = a_hold(ours)
    refused(*transfer(ours, "hold", source, target, held.amount, held.pk), saying="transfer_fills_hold_once")


@pytest.mark.parametrize("kind", ["hold", "capture", "release"])
def test_what_is_held_moves_for_a_hold_only(ours: Tenant, kind: str) -> None:
    a_hold(ours)
    ways = {"hold": ("wallet", "held"), "capture": ("held", "revenue"), "release": ("held", "wallet")}
    source, target = (account(name, None if name == "revenue" else ours) for name in ways[kind])
    refused(*transfer(ours, kind, source, target), saying="transfer_hold_matches_kind")


@pytest.mark.parametrize("column", ["captured", "released"])
def test_a_hold_is_not_written_past_the_ledger(ours: Tenant, column: str) -> None:
    held = a_hold(ours)
    refused(f"UPDATE accounts_hold SET {column} = 1 WHERE id = %s", held.pk, saying="by transfers only")
    refused("DELETE FROM accounts_hold WHERE id = %s", held.pk, saying="never removed")


def test_a_hold_begins_whole_and_not_negative(ours: Tenant) -> None:
    statement = (
        "INSERT INTO accounts_hold (id, organization_id, amount, captured, released, reference, created_at) "
        "VALUES (%s, %s, %s, %s, 0, %s, now())"
    )
    refused(statement, uuid4(), ours.organization.pk, 5, 5, uuid4(), saying="begins whole")
    refused(statement, uuid4(), ours.organization.pk, -5, 0, uuid4(), saying="hold_")


def test_one_job_has_one_hold(ours: Tenant) -> None:
    held = a_hold(ours)
    with scope(organization=ours.organization), pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.create(organization=ours.organization, amount=1, reference=held.reference)


@pytest.mark.parametrize("table", ["accounts_transfer", "accounts_auditevent"])
def test_what_is_recorded_stays_as_it_is(ours: Tenant, table: str) -> None:
    refused(f"UPDATE {table} SET organization_id = organization_id", saying="never changed or removed")
    refused(f"DELETE FROM {table}", saying="never changed or removed")


@pytest.mark.parametrize(
    "table", ["accounts_transfer", "accounts_hold", "accounts_ledgeraccount", "accounts_auditevent"]
)
def test_no_table_of_the_ledger_is_emptied_at_once(ours: Tenant, table: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # else what is pending would refuse it
    refused(f"TRUNCATE {table} CASCADE", saying="never changed or removed")
    assert balance("wallet", ours) == 100 * MICRO
