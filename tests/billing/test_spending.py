"""Who spent what: every way of adding up comes to the same, which is what the ledger has as paid."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from accounts.models import Transfer
from accounts.services import projects
from billing.forms import SpendingForm
from billing.months import Month
from billing.selectors import spending
from billing.selectors.spending import By
from era_platform.common import clock
from jobs.models import Job
from jobs.services.submit import submit
from pricing.models import Pool
from tests.factories import Tenant, a_pool, signed_in
from tests.jobs.ways import asked, at_start, exited, reserved, running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


@pytest.fixture
def settled(ours: Tenant, theirs: Tenant, pool: Pool) -> list[Job]:
    """Two jobs of ours, one of them for the project Vision and in another pool; and one of theirs."""
    projects.create(actor=ours.owner, organization=ours.organization, slug="vision", name="=Vision")
    found = []
    for tenant, where, fields in (
        (ours, pool, {}),
        (ours, a_pool("other", name="Other"), {"project": "vision"}),
        (theirs, pool, {}),
    ):
        job = running(tenant, where, **fields)
        at_start(job, 70)
        found.append(exited(job, 0))
    return found


def rows(tenant: Tenant, by: By) -> list[Any]:
    month = Month.now()
    with scope(organization=tenant.organization):
        return spending.spending(tenant.organization, month.begins, month.ends + timedelta(days=31), by)


@pytest.mark.parametrize("by", list(By))
def test_every_way_of_adding_up_comes_to_what_the_ledger_has_as_paid(ours: Tenant, settled: list[Job], by: By) -> None:
    found = rows(ours, by)
    with scope(organization=ours.organization):
        captured = sum(Transfer.objects.filter(kind="capture").values_list("amount", flat=True))
    assert sum(row.paid for row in found) == captured > 0
    assert sum(row.jobs for row in found) == 2
    assert sum(row.unit_seconds for row in found) == 2 * 2 * 120


def test_rows_are_called_by_what_they_are(ours: Tenant, settled: list[Job]) -> None:
    assert {row.label for row in rows(ours, By.PROJECT)} == {"=Vision", "no project"}
    assert {row.label for row in rows(ours, By.MEMBER)} == {"member@ours.example.com"}
    assert len(rows(ours, By.POOL)) == 2
    assert [row.label for row in rows(ours, By.WEEK)] == [f"{clock.now():%G-W%V}"]


def test_what_was_settled_before_or_after_does_not_count(ours: Tenant, settled: list[Job]) -> None:
    now = clock.now()
    with scope(organization=ours.organization):
        assert spending.spending(ours.organization, now + timedelta(seconds=1), now + timedelta(days=1), By.POOL) == []
        assert spending.spending(ours.organization, now - timedelta(days=9), now - timedelta(days=8), By.POOL) == []


def test_the_month_comes_to_what_is_paid_and_what_is_held(ours: Tenant, settled: list[Job], pool: Pool) -> None:
    job = reserved(ours, pool)
    with scope(organization=ours.organization):
        outlook = spending.outlook(ours.organization, Month.now())
        late = submit(actor=ours.member, organization=ours.organization, request=asked(pool, value=0))
    assert late.state == "rejected"
    assert (outlook.reserved, outlook.at_most) == (job.price, outlook.paid + (job.price or 0))


def test_the_page_shows_them_and_the_table_has_no_formula(ours: Tenant, settled: list[Job]) -> None:
    client = signed_in(ours.viewer)
    page = client.get("/o/ours/spending/").content.decode()
    assert "=Vision" in page
    assert "no project" in page
    table = client.get("/o/ours/spending/spending.csv?by=project").content.decode()
    found = {row["project"]: row["jobs"] for row in csv.DictReader(io.StringIO(table))}
    assert found == {"'=Vision": "1", "no project": "1"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=2026-11-30&until=2026-11-01", "2026-11-01 is before 2026-11-30"),
        ("since=2020-01-01&until=2026-11-01", "At most three years"),
        ("since=soon", "Enter a valid date"),
        ("by=colour", "colour is not one of"),
        ("until=9999-12-31", "At most three years"),
    ],
)
def test_what_makes_no_sense_is_said(ours: Tenant, query: str, said: str) -> None:
    client = signed_in(ours.viewer)
    page = client.get(f"/o/ours/spending/?{query}")
    assert page.status_code == client.get(f"/o/ours/spending/spending.csv?{query}").status_code == 400
    assert said in page.content.decode()
    assert "not one of" in said or query.partition("=")[2].partition("&")[0] in page.content.decode(), (
        "it stays typed in"
    )


def test_without_a_word_it_is_this_month(ours: Tenant) -> None:
    form = SpendingForm({})
    assert form.is_valid()
    assert form.span() == (Month.now().begins, Month.now().ends)


def test_it_asks_no_more_the_more_jobs_there_are(
    ours: Tenant, settled: list[Job], django_assert_max_num_queries: Any
) -> None:
    client = signed_in(ours.viewer)
    with django_assert_max_num_queries(12):
        client.get("/o/ours/spending/")
