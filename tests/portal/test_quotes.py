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


def test_without_a_value_only_the_price_is_told(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    assert "Price now" in ask(ours, pool, value="").json()["html"]


def test_somebody_elses_organization_is_not_there(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    assert ask(ours, pool, org=theirs.organization.slug).status_code == 404
