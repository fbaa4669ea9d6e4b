"""Who did what, as the desk shows it: filtered, page by page, and as a table."""

import csv
import io

import pytest
from django.test import Client

from accounts.models import StaffRole
from accounts.services import audit
from desk.selectors import audit as records
from era_platform.common import clock
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, a_user, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
ADDRESS = "/admin/desk/audit/"


@pytest.fixture
def auditor() -> Client:
    return signed_in(a_member_of_staff(StaffRole.AUDITOR))


@pytest.fixture
def acts(ours: Tenant, theirs: Tenant) -> None:
    """Three of different people, organizations and days."""
    audit.record("thing.made", actor=ours.owner, organization=ours.organization, target="T1", colour="red")
    clock.advance(86_400)
    audit.record("thing.moved", actor=theirs.owner, organization=theirs.organization, target="T2")
    clock.advance(86_400)
    audit.record("other.made", actor=ours.owner, organization=None, target="T3")


def targets(client: Client, **query: str) -> list[str]:
    return [event.target for event in client.get(ADDRESS, query).context["events"] if event.target.startswith("T")]


def test_each_filter_and_all_together(auditor: Client, acts: None) -> None:
    assert targets(auditor) == ["T3", "T2", "T1"]
    assert targets(auditor, action="thing.") == ["T2", "T1"]
    assert targets(auditor, actor="owner@ours") == ["T3", "T1"]
    assert targets(auditor, organization="theirs") == ["T2"]
    day = f"{clock.now():%Y-%m-%d}"
    assert targets(auditor, since=day) == ["T3"]
    assert targets(auditor, until=day) == ["T3", "T2", "T1"]
    assert targets(auditor, action="thing", actor="owner@ours", organization="ours") == ["T1"]
    assert targets(auditor, action="nothing") == []


def test_page_by_page_nothing_is_missed_or_seen_twice(
    auditor: Client, acts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PAGE", 2)
    seen, query = [], "action=thing&actor=owner"
    audit.record("thing.found", actor=a_user("owner@elsewhere.example.com"), target="T4")
    while query:
        context = auditor.get(f"{ADDRESS}?{query}").context
        seen += [event.target for event in context["events"]]
        query = context["older"]
    assert seen == ["T4", "T2", "T1"]


def test_the_table_has_what_the_page_has(auditor: Client, acts: None, ours: Tenant) -> None:
    answer = auditor.get(f"{ADDRESS}export/", {"action": "thing.made"})
    heading, row = csv.reader(io.StringIO(answer.content.decode()))
    assert heading == list(records.COLUMNS)
    assert row[2:] == [ours.owner.email, "thing.made", "ours", "T1", '{"colour": "red"}']


def test_no_cell_is_a_formula(auditor: Client) -> None:
    audit.record("thing.made", actor=None, target="=1+1")
    assert "'=1+1" in auditor.get(f"{ADDRESS}export/", {"action": "thing"}).content.decode()


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"before": "x"}, {"before": "9" * 30}, {"actor": "\0"}])
def test_what_is_no_filter_is_told(auditor: Client, query: dict[str, str]) -> None:
    assert auditor.get(ADDRESS, query).status_code == 400
    assert auditor.get(f"{ADDRESS}export/", query).status_code == 400


def test_the_page_asks_the_same_however_much_there_is(
    auditor: Client, acts: None, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        auditor.get(ADDRESS)
