"""GET jobs and jobs/{id}, cancel and receipt."""

from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled
from pytest_django import DjangoAssertNumQueries

from era_platform.common import clock
from jobs.models import Job
from pricing.models import Pool
from tests.api.conftest import MakeBody, in_hours, moment
from tests.factories import Tenant, a_pool

pytestmark = pytest.mark.usefixtures("pool", "theirs")


def submit(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    response = tenant.api().post("/api/v1/jobs", body, content_type="application/json")
    assert response.status_code == 201, response.json()
    job: dict[str, Any] = response.json()
    return job


def names(tenant: Tenant, **query: Any) -> list[str]:
    response = tenant.api("viewer").get("/api/v1/jobs", query)
    assert response.status_code == 200, response.json()
    return [job["name"] for job in response.json()["results"]]


@pytest.fixture
def three(pool: Pool, ours: Tenant, theirs: Tenant, a_body: MakeBody) -> None:
    """One reserved, one rejected, one in another pool; and one of theirs."""
    a_pool("second")
    submit(ours, a_body(name="first"))
    submit(ours, a_body(name="second", value="0"))
    submit(ours, a_body(name="third", pool="second"))
    submit(theirs, a_body(name="first of theirs"))


@pytest.mark.usefixtures("three")
def test_jobs_are_listed_the_newest_first_and_only_ours(ours: Tenant) -> None:
    assert names(ours) == ["third", "second", "first"]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "rejected"}, ["second"]),
        ({"state": ["rejected", "reserved"]}, ["third", "second", "first"]),
        ({"pool": "second"}, ["third"]),
        ({"search": "IR"}, ["third", "first"]),
        ({"search": "%"}, []),
        ({"state": "reserved", "pool": "local"}, ["first"]),
        ({"submitted_from": "2090-01-01T00:00:00Z"}, []),
        ({"submitted_to": "2090-01-01T00:00:00Z"}, ["third", "second", "first"]),
        ({"ordering": "name"}, ["first", "second", "third"]),
        ({"ordering": "-state,name"}, ["first", "third", "second"]),
    ],
)
def test_a_list_can_be_narrowed_down_and_ordered(ours: Tenant, query: dict[str, Any], found: list[str]) -> None:
    assert names(ours, **query) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "asleep"),
        ("submitted_from", "yesterday"),
        ("submitted_from", "2030-01-01T00:00:00"),
        ("submitted_to", "0001-01-01T00:00:00+14:00"),
        ("search", "a\0b"),
        ("search", "x" * 121),
        ("pool", "a\0b"),
        ("ordering", "env"),
        ("cursor", "made-up"),
        ("page_size", "0"),
    ],
)
def test_a_wrong_filter_is_named(ours: Tenant, name: str, value: str) -> None:
    response = ours.api().get("/api/v1/jobs", {name: value})
    assert (response.status_code, response.json()["field"]) == (400, name)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("ordering", ["-submitted_at", "name", "price", "-start", "end", "state", "deadline"])
def test_pages_follow_each_other_without_gap_or_repeat(ours: Tenant, ordering: str) -> None:
    client = ours.api()
    address, seen = f"/api/v1/jobs?page_size=1&ordering={ordering}", []
    while address:
        page = client.get(address).json()
        seen += [job["name"] for job in page["results"]]
        address = page["next"]
    assert seen == names(ours, ordering=ordering)


@pytest.mark.usefixtures("three")
def test_a_list_asks_the_database_as_often_for_many_jobs_as_for_one(
    ours: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = ours.api()
    client.get("/api/v1/jobs")
    with django_assert_max_num_queries(4):
        client.get("/api/v1/jobs")


def test_a_job_shows_what_was_asked(ours: Tenant, a_body: MakeBody) -> None:
    body = a_body(env={"A": "ä"}, earliest=in_hours(0.5))
    job = submit(ours, body)
    shown = ours.api("viewer").get(f"/api/v1/jobs/{job['id']}").json()
    asked = {name: shown[name] for name in ("pool", "units", "duration", "name", "image", "command", "env")}
    assert asked == {name: body[name] for name in asked}
    assert shown["datasets"] == []
    assert shown["code"] is None


def test_cancelling_before_the_start_costs_nothing(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    job = submit(ours, a_body())
    response = client.post(f"/api/v1/jobs/{job['id']}/cancel")
    assert (response.status_code, response.json()["state"], response.json()["paid"]) == (200, "cancelled", "0.00")
    assert client.get("/api/v1/wallet").json()["available"] == "100.00"


def test_cancelling_twice_is_cancelling_once(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    job = submit(ours, a_body())
    first, second = (client.post(f"/api/v1/jobs/{job['id']}/cancel") for _ in range(2))
    assert (second.status_code, second.json()) == (200, first.json())


def test_what_is_over_cannot_be_cancelled(ours: Tenant, a_body: MakeBody) -> None:
    job = submit(ours, a_body(value="0"))
    response = ours.api().post(f"/api/v1/jobs/{job['id']}/cancel")
    assert (response.status_code, response.json()["code"], response.json()["state"]) == (409, "conflict", "rejected")


def test_a_viewer_may_not_cancel(ours: Tenant, a_body: MakeBody) -> None:
    job = submit(ours, a_body())
    assert ours.api("viewer").post(f"/api/v1/jobs/{job['id']}/cancel").status_code == 403
    with scopes_disabled():
        assert Job.objects.get().state == "reserved"


def test_a_receipt_has_what_the_decision_was_made_from(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    body = a_body()
    job = submit(ours, body)
    receipt = ours.api("viewer").get(f"/api/v1/jobs/{job['id']}/receipt").json()
    assert (receipt["accepted"], receipt["price"], receipt["start"]) == (True, job["price"], job["start"])
    assert (receipt["book_number"], receipt["forecast_version"]) == (1, 1)
    assert receipt["kernel_version"].startswith("basic-econ/")
    assert receipt["request"]["value"] == "1.00"
    assert abs(clock.now() - moment(receipt["decided_at"])) < timedelta(minutes=1)
