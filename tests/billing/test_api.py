"""Projects, spending and statements by the API: one's own only, and the same figures as on the pages."""

from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from accounts.models import Transfer
from accounts.services import projects
from billing.months import Month
from era_platform.common import clock
from era_platform.common.money import MICRO, format_credits
from jobs.models import Job
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import at_start, exited, reserved, running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


@pytest.fixture
def paid(ours: Tenant, theirs: Tenant, pool: Pool) -> Job:
    """A job of ours for the project Vision, and one of theirs, both settled."""
    projects.create(actor=ours.owner, organization=ours.organization, slug="vision", name="Vision")
    found = []
    for tenant, fields in ((ours, {"project": "vision"}), (theirs, {})):
        job = running(tenant, pool, **fields)
        at_start(job, 70)
        found.append(exited(job, 0))
    return found[0]


def asked(tenant: Tenant, address: str, **query: Any) -> Any:
    return tenant.api("viewer").get(f"/api/v1/{address}", query).json()


def test_projects_say_what_is_left_of_their_limits(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    with scope(organization=ours.organization):
        made = projects.create(
            actor=ours.owner, organization=ours.organization, slug="vision", name="Vision", monthly_limit=50 * MICRO
        )
        old = projects.create(actor=ours.owner, organization=ours.organization, slug="old", name="Old")
        projects.archive(actor=ours.owner, project=old, archived=True)
    job = reserved(ours, pool, project=made.slug)
    assert job.price
    limit, nothing = {"monthly_limit": "50.00"}, {"monthly_limit": None}
    assert asked(ours, "projects")["results"] == [
        {"slug": "old", "name": "Old", **nothing, "spent": "0.00", "archived": True},
        {"slug": "vision", "name": "Vision", **limit, "spent": format_credits(job.price), "archived": False},
    ]
    assert asked(theirs, "projects") == {"results": []}


def test_spending_is_that_of_ones_own_jobs(ours: Tenant, paid: Job) -> None:
    until = (clock.now() + timedelta(days=31)).date().isoformat()
    (row,) = asked(ours, "spending", until=until)["results"]
    assert (row["name"], row["jobs"], row["paid"]) == ("Vision", 1, format_credits(paid.paid or 0))
    by_member = asked(ours, "spending", until=until, by="member")
    assert [row["name"] for row in by_member["results"]] == [paid.submitted_by.email]
    assert by_member["by"] == "member"


def test_this_month_comes_to_what_is_paid_and_held(ours: Tenant, pool: Pool, paid: Job) -> None:
    price, so_far = reserved(ours, pool).price or 0, paid.paid or 0
    assert asked(ours, "spending")["this_month"] == {
        "paid": format_credits(so_far),
        "reserved": format_credits(price),
        "at_most": format_credits(so_far + price),
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [({"by": "colour"}, "by"), ({"since": "yesterday"}, "since"), ({"since": "2026-02-02", "until": "2026-02-01"}, "")],
)
def test_what_can_not_be_asked_for_is_named(ours: Tenant, query: dict[str, str], field: str) -> None:
    answer = ours.api().get("/api/v1/spending", query)
    assert answer.status_code == 400
    assert (answer.json().get("field") or "") == field


def test_a_statement_and_its_transfers_are_the_ledger(ours: Tenant, paid: Job) -> None:
    month = str(Month.now())
    assert {"month": month, "is_open": True} in asked(ours, "statements")["results"]
    told = asked(ours, f"statements/{month}")
    lines = asked(ours, f"statements/{month}/transfers", page_size=200)["results"]
    with scope(organization=ours.organization):
        kept = list(Transfer.objects.order_by("id").values_list("pk", flat=True))
    assert [line["id"] for line in lines] == kept
    assert sum(row["transfers"] for row in told["sums"]) == len(kept)
    assert told["opening"] == {"wallet": "0.00", "held": "0.00", "balance": "0.00"}
    assert told["closing"]["balance"] == asked(ours, "wallet")["balance"]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "now"])
def test_what_is_no_month_has_no_statement(ours: Tenant, month: str) -> None:
    for address in (f"statements/{month}", f"statements/{month}/transfers"):
        assert ours.api().get(f"/api/v1/{address}").status_code == 404
