"""The quote that a form asks for as its fields change: one's own wallet, nothing of others', nothing written."""

from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from era_platform.common import clock
from jobs.models import Job
from pricing.models import BookEntry, Pool
from tests.factories import Tenant, a_pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool()


def in_minutes(count: float) -> str:
    return (clock.now() + timedelta(minutes=count)).isoformat()


def ask(tenant: Tenant, pool: Pool, org: str = "", **fields: Any) -> Any:
    query: dict[str, Any] = {
        "units": 1,
        "duration_amount": 1,
        "duration_unit": "minutes",
        "deadline": (clock.now() + timedelta(hours=1)).isoformat(),
        "value": "1000",
    } | fields
    return tenant.client().get(f"/o/{org or tenant.organization.slug}/pools/{pool.slug}/quote/", query)


def test_it_tells_price_start_and_curve_and_binds_nobody(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    before = BookEntry.objects.count()
    told = ask(ours, pool).json()
    assert told["accepted"]
    assert told["start"] % pool.slot_seconds == 0
    assert told["curve"]["price"][0][1] == pytest.approx(told["price"])
    assert BookEntry.objects.count() == before
    with scopes_disabled():
        assert not Job.objects.exists()


def test_a_refusal_comes_with_offers_that_fill_the_form(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    told = ask(ours, pool, value="0").json()
    assert not told["accepted"]
    assert 'data-offer="value"' in told["html"]


def test_a_menu_fills_the_form_with_a_window_for_each_start(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    deadline = (clock.now() + timedelta(minutes=30)).isoformat()
    sold = {"pool": pool.slug, "units": 7, "duration": 600, "deadline": deadline, "value": "50"}
    sold |= {"name": "x", "image": "host", "command": "true"}
    assert ours.api().post("/api/v1/jobs", sold, content_type="application/json").json()["state"] == "reserved"
    told = ask(ours, pool).json()
    assert [entry["price"] for entry in told["menu"]] == sorted((e["price"] for e in told["menu"]), reverse=True)
    assert 'data-menu="earliest"' in told["menu_html"]
    assert "−90 %" in told["menu_html"]


def test_where_waiting_saves_nothing_there_is_no_menu(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    assert ask(ours, pool).json()["menu_html"] == ""


def test_a_flexible_form_is_told_what_each_way_costs(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    other: dict[str, Any] = {
        "also_units": ["2", ""],
        "also_duration_amount": ["30", ""],
        "also_duration_unit": ["minutes", "hours"],
    }
    html = ask(ours, pool, **other).json()["html"]
    assert "2 units for 30 min" in html
    assert html.count("data-chosen") == 1


def test_an_unfinished_form_is_answered_with_what_is_missing(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    answer = ask(ours, pool, units="", deadline="")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"units", "deadline"}


def test_what_is_offered_instead_can_be_split_over_the_nodes_asked_for(
    ours: Tenant, theirs: Tenant, pool: Pool
) -> None:
    with clock.freeze(clock.now().replace(second=10, microsecond=0)):
        sold = {"pool": pool.slug, "units": 5, "duration": 180, "deadline": in_minutes(4), "value": "50"}
        sold |= {"name": "x", "image": "host", "command": "true"}
        assert ours.api().post("/api/v1/jobs", sold, content_type="application/json").json()["state"] == "reserved"
        few: dict[str, Any] = {"units": 4, "deadline": in_minutes(4), "duration_amount": 3}
        assert 'data-offer="units" data-units="3"' in ask(ours, pool, **few).json()["html"]
        assert 'data-offer="units" data-units="2"' in ask(ours, pool, **few, nodes=2).json()["html"]


def test_units_that_cannot_be_split_over_the_nodes_are_said_to_be_so(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    answer = ask(ours, pool, units=3, nodes=2)
    assert answer.status_code == 400
    assert "can't be split evenly over 2 nodes" in answer.json()["errors"]["nodes"][0]
    assert "can&#x27;t be split evenly" in answer.json()["html"]


def test_without_a_value_only_the_price_is_told(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    assert "Price now" in ask(ours, pool, value="").json()["html"]


def test_somebody_elses_organization_is_not_there(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    assert ask(ours, pool, org=theirs.organization.slug).status_code == 404
