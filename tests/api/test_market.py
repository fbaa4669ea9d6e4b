"""GET pools and prices, POST quotes: what is sold, for how much, and what the market would answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from era_platform.common import clock
from jobs.models import Job
from pricing.models import BookEntry, Pool
from tests.api.conftest import Body, MakeBody, in_hours, moment
from tests.factories import Tenant, a_pool

pytestmark = pytest.mark.usefixtures("theirs")


def quoted(client: Client, body: Body) -> dict[str, Any]:
    response = client.post("/api/v1/quotes", body, content_type="application/json")
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def test_pools_are_listed_by_their_short_name(ours: Tenant, pool: Pool) -> None:
    a_pool("another")
    listing = ours.api().get("/api/v1/pools").json()
    assert ([found["slug"] for found in listing["results"]], listing["next"]) == (["another", "local"], None)


def test_a_pool_says_what_a_unit_is_and_costs(ours: Tenant, pool: Pool) -> None:
    found = ours.api("viewer").get("/api/v1/pools/local").json()
    assert found["unit"] == {"cpus": 0.25, "memory_mib": 256, "gpus": 0}
    assert (found["floor_price"], found["list_price"], found["ceiling_price"]) == ("0.01", "0.02", "0.10")
    assert (found["slot_seconds"], found["horizon_slots"], found["units"]) == (60, 1440, 8)


@pytest.mark.parametrize("path", ["pools/nowhere", "pools/nowhere/prices", "pools/a%00b", "pools/a%00b/prices"])
def test_an_unknown_pool_is_not_found(ours: Tenant, pool: Pool, path: str) -> None:
    response = ours.api().get(f"/api/v1/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_prices_go_from_the_next_slot_to_the_horizon(ours: Tenant, pool: Pool) -> None:
    prices = ours.api().get("/api/v1/pools/local/prices").json()
    assert [len(prices[name]) for name in ("price", "free", "capacity")] == [1440] * 3
    assert 0 < (moment(prices["start"]) - clock.now()).total_seconds() <= 60
    assert (prices["price"][0], prices["free"][0], prices["capacity"][0]) == ("0.01", 8, 8)


def test_prices_of_a_part_are_of_the_slots_that_it_touches(ours: Tenant, pool: Pool) -> None:
    query = {"from": in_hours(1), "to": in_hours(2), "units": "8"}
    prices = ours.api().get("/api/v1/pools/local/prices", query).json()
    assert len(prices["price"]) in (60, 61)
    assert moment(prices["start"]) <= moment(query["from"]) < moment(prices["start"]) + timedelta(seconds=60)


def test_a_slot_without_room_has_no_price(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    job = ours.api().post("/api/v1/jobs", a_body(units=7), content_type="application/json").json()
    query = {"from": job["start"], "to": job["end"], "units": 2}
    prices = ours.api().get("/api/v1/pools/local/prices", query).json()
    assert (prices["free"], prices["price"]) == ([1, 1], [None, None])


@pytest.mark.parametrize(
    ("name", "value"), [("units", "0"), ("units", "x"), ("from", "now"), ("to", "2030-01-01T00:00:00"), ("unit", "1")]
)
def test_a_wrong_query_is_named(ours: Tenant, pool: Pool, name: str, value: str) -> None:
    response = ours.api().get("/api/v1/pools/local/prices", {name: value})
    assert (response.status_code, response.json()["field"]) == (400, name)


def test_prices_of_a_time_that_is_over_are_none(ours: Tenant, pool: Pool) -> None:
    prices = ours.api().get("/api/v1/pools/local/prices", {"to": "2001-01-01T00:00:00Z"}).json()
    assert prices["price"] == []


def test_a_quote_is_what_a_job_would_get(ours: Tenant, pool: Pool, a_quote: MakeBody, a_body: MakeBody) -> None:
    quote = quoted(ours.api("viewer"), a_quote(value="1"))
    job = ours.api().post("/api/v1/jobs", a_body(value="1"), content_type="application/json").json()
    assert quote["accepted"]
    assert quote["price"] == job["price"]


def test_a_quote_binds_nobody(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    quoted(ours.api(), a_quote(value="1"))
    with scopes_disabled():
        assert not Job.objects.exists()
    assert not BookEntry.objects.filter(kind="reserve").exists()


def test_a_quote_without_a_value_tells_the_price(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    assert quoted(ours.api(), a_quote())["price"] == "0.045714"


def test_a_refusal_says_what_would_do_and_it_does(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    refused = quoted(ours.api(), a_quote(value="0.01"))
    assert (refused["accepted"], refused["reason"]) == (False, "price_above_value")
    would_do = refused["alternatives"][0]
    assert would_do["kind"] == "value"
    assert quoted(ours.api(), a_quote(value=would_do["value"]))["accepted"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"units": 9}, "too_many_units"),
        ({"duration": 7200}, "window_too_short"),
        ({"earliest": "2090-01-01T00:00:00Z", "deadline": "2091-01-01T00:00:00Z"}, "beyond_horizon"),
    ],
)
def test_a_refusal_has_a_reason(
    ours: Tenant, pool: Pool, a_quote: MakeBody, fields: dict[str, Any], reason: str
) -> None:
    assert quoted(ours.api(), a_quote(**fields))["reason"] == reason


def test_a_quote_for_several_nodes_offers_only_what_can_be_split_over_them(
    ours: Tenant, pool: Pool, a_quote: MakeBody, a_body: MakeBody
) -> None:
    with clock.freeze(clock.now().replace(second=10, microsecond=0)):
        soon = {"duration": 180, "deadline": in_hours(4 / 60)}
        ours.api().post("/api/v1/jobs", a_body(units=5, **soon), content_type="application/json")
        offers = [quoted(ours.api(), a_quote(units=4, nodes=nodes, **soon))["alternatives"] for nodes in (1, 2)]
    assert [each["units"] for offer in offers for each in offer if each["kind"] == "units"] == [3, 2]


def test_a_quote_for_units_that_cannot_be_split_over_the_nodes_is_refused(
    ours: Tenant, pool: Pool, a_quote: MakeBody
) -> None:
    response = ours.api().post("/api/v1/quotes", a_quote(units=[4, 3], duration=[60, 120], nodes=2), "application/json")
    assert (response.status_code, response.json()["field"]) == (400, "nodes")


def test_the_curve_has_a_price_for_each_start(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    quote = quoted(ours.api(), a_quote(curve=True))
    curve = quote["curve"]
    assert (curve["start"], curve["price"][0]) == (quote["start"], quote["price"])
    assert len(curve["price"]) in (57, 58)


def test_a_quote_names_what_is_wrong(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    body = a_quote(units="2", pool=None, name="x")
    response = ours.api().post("/api/v1/quotes", body, content_type="application/json")
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {"units", "pool", "name"}
