"""Statements are the ledger, read back: whatever the month, they add up, and every transfer is on them once."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http.response import HttpResponseBase
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from accounts.models import Transfer
from accounts.selectors import wallet_of
from accounts.services import ledger, wallets
from billing.months import Month
from billing.selectors import statements
from billing.selectors.statements import Funds
from era_platform.common import clock
from era_platform.common.money import MICRO
from tests.factories import Tenant, a_tenant, signed_in

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


@pytest.fixture
def history(theirs: Tenant) -> Iterator[Tenant]:
    """100 credits in October (at its very end), a job of 30 held then and settled in November, 5 more in December."""
    with clock.freeze(OCTOBER.ends - timedelta(seconds=1)), scope(organization=theirs.organization):
        wallets.top_up(actor=None, organization=theirs.organization, amount=MICRO, memo="=1+1")
        held = ledger.hold(ledger.lock_wallet(theirs.organization), 30 * MICRO, reference=uuid4(), actor=None)
    with clock.freeze(NOVEMBER.begins), scope(organization=theirs.organization):
        ledger.capture(held, 20 * MICRO)
        ledger.release(held, 10 * MICRO)
        ledger.refund(theirs.organization, 2 * MICRO, reference=held.reference, actor=None, memo="sorry")
    with clock.freeze(NOVEMBER.ends), scope(organization=theirs.organization):
        wallets.top_up(actor=None, organization=theirs.organization, amount=5 * MICRO, memo="more")
        yield theirs


@pytest.fixture
def theirs(db: None) -> Tenant:
    with clock.freeze(OCTOBER.begins):
        return a_tenant("theirs")


def test_a_month_begins_with_what_the_one_before_ended_with(history: Tenant) -> None:
    october, november = (statements.statement(history.organization, month) for month in (OCTOBER, NOVEMBER))
    assert october.opening == Funds(0, 0)
    assert october.closing == november.opening == Funds(71 * MICRO, 30 * MICRO)
    assert november.closing == Funds(83 * MICRO, 0)
    assert [(each.kind, each.transfers, each.to_balance) for each in november.sums] == [
        ("capture", 1, -20 * MICRO),
        ("release", 1, 0),
        ("refund", 1, 2 * MICRO),
    ]
    assert not november.is_open


def test_the_present_one_ends_with_what_there_is(history: Tenant) -> None:
    december = statements.statement(history.organization, NOVEMBER.next)
    now = wallet_of(history.organization)
    assert (december.closing.balance, december.closing.held, december.is_open) == (now.balance, now.held, True)


def test_before_money_moved_there_is_nothing(history: Tenant) -> None:
    september = statements.statement(history.organization, Month(2026, 9))
    assert (september.opening, september.closing, september.sums) == (Funds(0, 0), Funds(0, 0), [])
    assert statements.months(history.organization) == [Month(2026, 12), NOVEMBER, OCTOBER]


def test_each_transfer_is_on_one_statement(history: Tenant) -> None:
    found = [line.pk for month in (OCTOBER, NOVEMBER, NOVEMBER.next)
             for line in statements.all_lines(history.organization, month)]  # fmt: skip
    assert found == sorted(Transfer.objects.filter(organization=history.organization).values_list("pk", flat=True))


def test_another_tenants_money_is_on_none(history: Tenant, ours: Tenant) -> None:
    page = signed_in(ours.owner).get(f"/o/theirs/statements/{NOVEMBER}/")
    assert page.status_code == 404


def test_the_page_says_what_the_ledger_says(history: Tenant) -> None:
    page = signed_in(history.viewer).get(f"/o/theirs/statements/{NOVEMBER}/").content.decode()
    assert "Statement of November 2026" in page
    assert page.count("<tr>") == 1 + 3 + 1 + 3
    assert "sorry" in page, "a refund says why"


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "0000-01", "9999-12", "x", "2026-11-01"])
def test_what_is_no_month_is_not_there(history: Tenant, month: str) -> None:
    assert signed_in(history.viewer).get(f"/o/theirs/statements/{month}/").status_code == 404


def test_the_table_has_each_line_and_no_formula(history: Tenant) -> None:
    answer = signed_in(history.viewer).get(f"/o/theirs/statements/{OCTOBER}/statement.csv")
    rows = list(csv.DictReader(io.StringIO(_content(answer).decode())))
    assert [(row["kind"], row["amount"], row["to_wallet"]) for row in rows] == [
        ("top_up", "100.00", "100.00"),
        ("top_up", "1.00", "1.00"),
        ("hold", "30.00", "-30.00"),
    ]
    assert rows[1]["memo"] == "'=1+1"


def test_the_pdf_lists_every_transfer_on_as_many_pages_as_it_takes(history: Tenant) -> None:
    for number in range(150):
        wallets.top_up(actor=None, organization=history.organization, amount=number + 1, memo=f"Ünï {number}")
    ledger.refund(history.organization, MICRO, reference=uuid4(), actor=None, memo="sorry")
    month = NOVEMBER.next
    answer = signed_in(history.viewer).get(f"/o/theirs/statements/{month}/statement.pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="statement-theirs-2026-12.pdf"'
    pages = PdfReader(io.BytesIO(_content(answer))).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert len(pages) > 2
    assert "Statement of December 2026" in text
    for line in statements.all_lines(history.organization, month):
        assert str(line.pk) in text
        assert line.memo in text
    closing = wallet_of(history.organization).balance
    assert f"{closing / MICRO:.6f}".rstrip("0") in text


def test_reading_a_month_asks_no_more_the_more_there_is(history: Tenant, django_assert_max_num_queries: Any) -> None:
    for _number in range(60):
        wallets.top_up(actor=None, organization=history.organization, amount=1)
    client = signed_in(history.viewer)
    with django_assert_max_num_queries(10):
        client.get(f"/o/theirs/statements/{NOVEMBER.next}/")


def test_a_month_is_found_by_its_index(history: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM accounts_transfer WHERE organization_id = %s AND created_at >= %s",
            (history.organization.pk, NOVEMBER.begins),
        )
        assert any("transfer_by_time" in line for (line,) in cursor.fetchall())


@given(moment=st.datetimes(datetime(1, 1, 1), datetime(9998, 11, 30)))
def test_months_follow_each_other_without_a_gap(moment: datetime) -> None:
    month = Month.of(moment.replace(tzinfo=UTC))
    assert month.begins <= moment.replace(tzinfo=UTC) < month.ends == month.next.begins
    assert Month.parse(str(month)) == month


def _content(answer: HttpResponseBase) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]
