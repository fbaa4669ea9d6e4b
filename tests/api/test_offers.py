"""Menus, counter-offers and flexible requests in the REST API: what is offered is what asking for it gets."""

import json
from typing import Any

import pytest
from django.test import Client

from pricing.models import Pool
from tests.api.archives import a_zip
from tests.api.conftest import Body, MakeBody, in_hours, moment
from tests.api.test_market import quoted
from tests.api.test_submit import nothing_is_kept
from tests.factories import Tenant

pytestmark = pytest.mark.usefixtures("theirs")

ASK = ("units", "duration", "earliest", "deadline", "value")


def as_asked(offer: Body) -> Body:
    """What to ask for to get an offer."""
    return {name: offer[name] for name in ASK if name in offer}


def submit(client: Client, body: Body, status: int = 201) -> dict[str, Any]:
    response = client.post("/api/v1/jobs", body, content_type="application/json")
    assert response.status_code == status, response.json()
    told: dict[str, Any] = response.json()
    return told


@pytest.fixture
def busy(ours: Tenant, pool: Pool, a_body: MakeBody) -> Client:
    """A client of a pool whose first ten slots are nearly sold, and the ten after them half."""
    client = ours.api()
    nearly = submit(client, a_body(units=7, duration=600, value="50", deadline=in_hours(0.19)))
    half = {"units": 4, "earliest": nearly["end"], "deadline": in_hours(0.4), "value": "50"}
    assert submit(client, a_body(duration=600, **half))["start"] == nearly["end"]
    return client


def test_a_menu_goes_from_the_earliest_start_over_the_knee_to_the_cheapest(busy: Client, a_quote: MakeBody) -> None:
    quote = quoted(busy, a_quote(units=1, duration=300))
    assert [entry["kind"] for entry in quote["menu"]] == ["earliest", "knee", "cheapest"]
    starts = [moment(entry["start"]) for entry in quote["menu"]]
    prices = [float(entry["price"]) for entry in quote["menu"]]
    assert (starts, prices) == (sorted(starts), sorted(prices, reverse=True))
    assert quote["menu"][-1]["price"] == quote["price"]
    assert [entry["saving_percent"] for entry in quote["menu"]] == [round(100 * (1 - p / prices[0]), 1) for p in prices]


@pytest.mark.parametrize("value", ["10", None, "0.01"])
def test_every_entry_of_the_menu_is_what_asking_for_it_gets(busy: Client, a_quote: MakeBody, value: str | None) -> None:
    quote = quoted(busy, a_quote(units=1, duration=290, value=value))
    assert len(quote["menu"]) == 3
    for entry in quote["menu"]:
        again = quoted(busy, {"pool": "local", **as_asked(entry)})
        told = {name: again[name] for name in ("accepted", "price", "start", "end")}
        assert told == {"accepted": True} | {name: entry[name] for name in ("price", "start", "end")}


def test_an_entry_of_the_menu_can_be_bought(busy: Client, a_quote: MakeBody, a_body: MakeBody) -> None:
    knee = quoted(busy, a_quote(units=1, duration=300, value="10"))["menu"][1]
    job = submit(busy, a_body(**as_asked(knee)))
    assert (job["state"], job["price"], job["start"]) == ("reserved", knee["price"], knee["start"])


def test_where_nothing_fits_the_menu_is_empty(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    assert quoted(ours.api(), a_quote(units=9))["menu"] == []


def test_each_counter_offer_is_what_asking_for_it_gets(busy: Client, a_quote: MakeBody) -> None:
    body = a_quote(units=4, duration=600, value="1", deadline=in_hours(0.4))
    refused = quoted(busy, body)
    assert {offer["kind"] for offer in refused["alternatives"]} == {"value", "deadline", "units", "duration"}
    for offer in refused["alternatives"]:
        again = quoted(busy, body | as_asked(offer))
        assert (again["accepted"], again["price"], again["start"]) == (True, offer["price"], offer["start"])


def test_a_shorter_run_is_offered_where_the_window_is_too_short(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    body = a_quote(duration=7200, value="5")
    refused = quoted(ours.api(), body)
    shorter = next(offer for offer in refused["alternatives"] if offer["kind"] == "duration")
    assert shorter["duration"] in (3480, 3540, 3600)
    assert quoted(ours.api(), body | as_asked(shorter))["accepted"]


FLEXIBLE: Body = {"units": [8, 4, 2], "duration": [240, 500, 1000]}


def test_a_flexible_quote_is_the_cheapest_of_its_configurations(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    client = ours.api()
    quote = quoted(client, a_quote(**FLEXIBLE, value="10"))
    pairs = zip(FLEXIBLE["units"], FLEXIBLE["duration"], strict=True)
    alone = [quoted(client, a_quote(units=units, duration=duration, value="10")) for units, duration in pairs]
    assert [each["price"] for each in quote["configurations"]] == [each["price"] for each in alone]
    best = min(range(3), key=lambda place: float(alone[place]["price"]))
    assert (quote["configuration"], quote["price"]) == (best, alone[best]["price"])
    assert (quote["units"], quote["duration"]) == (FLEXIBLE["units"][best], FLEXIBLE["duration"][best])
    assert {entry["units"] for entry in quote["menu"]} == {quote["units"]}


def test_with_a_value_for_each_the_best_is_by_value_minus_price(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    quote = quoted(ours.api(), a_quote(**FLEXIBLE, value=["9", "2", "2"]))
    assert (quote["configuration"], quote["units"]) == (0, 8)


def test_a_plain_quote_is_its_only_configuration(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    quote = quoted(ours.api(), a_quote(value="1"))
    [only] = quote["configurations"]
    assert (quote["configuration"], only["units"], only["value"], only["price"]) == (0, 2, "1.00", quote["price"])


def test_a_flexible_job_runs_as_what_was_chosen_and_its_receipt_has_all_that_was_asked(
    ours: Tenant, pool: Pool, a_body: MakeBody, a_quote: MakeBody
) -> None:
    client = ours.api()
    quote = quoted(client, a_quote(**FLEXIBLE, value="10"))
    job = submit(client, a_body(**FLEXIBLE, value="10"))
    assert (job["state"], job["units"], job["duration"]) == ("reserved", quote["units"], quote["duration"])
    assert [(each["units"], each["duration"], each["value"]) for each in job["configurations"]] == [
        (8, 240, "10.00"),
        (4, 500, "10.00"),
        (2, 1000, "10.00"),
    ]
    request = client.get(f"/api/v1/jobs/{job['id']}/receipt").json()["request"]
    assert request["configurations"] == job["configurations"]
    assert submit(client, a_body(value="10"))["configurations"] == []


def test_a_flexible_job_can_come_as_a_form(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    fields = {name: json.dumps(values) for name, values in FLEXIBLE.items()} | {"value": '["9", "2", "2"]'}
    body = a_body(command="true", code=a_zip({"a": b""}), **fields)
    job = ours.api().post("/api/v1/jobs", body).json()
    assert (job["units"], job["value"], len(job["configurations"])) == (8, "9.00", 3)


def test_counter_offers_of_a_flexible_request_are_plain_and_accepted(busy: Client, a_quote: MakeBody) -> None:
    body = a_quote(**FLEXIBLE, value="0.2", deadline=in_hours(0.5))
    refused = quoted(busy, body)
    assert {offer["kind"] for offer in refused["alternatives"]} >= {"value", "units", "duration"}
    for offer in refused["alternatives"]:
        again = quoted(busy, body | as_asked(offer))
        assert (again["accepted"], again["price"]) == (True, offer["price"]), offer


WRONG: list[tuple[str, Body]] = [
    ("units", {"units": []}),
    ("units", {"units": [2] * 17}),
    ("units", {"units": [2, 0], "duration": [60, 60]}),
    ("units", {"units": [2, "4"], "duration": [60, 60]}),
    ("units", {"units": [2, None], "duration": [60, 60]}),
    ("units", {"units": [2, [4]], "duration": [60, 60]}),
    ("units", {"units": [2, 2], "duration": [60, 60]}),
    ("duration", {"units": [2, 4]}),
    ("duration", {"units": [2, 4], "duration": [60]}),
    ("duration", {"duration": [60, 120]}),
    ("duration", {"units": [2, 4], "duration": [60, 1.5]}),
    ("value", {"units": [2, 4], "duration": [60, 60], "value": ["1"]}),
    ("value", {"units": [2, 4], "duration": [60, 60], "value": ["1", 2]}),
    ("value", {"value": ["1", "2"]}),
]


@pytest.mark.parametrize("path", ["quotes", "jobs"])
def test_what_does_not_fit_together_is_named(
    ours: Tenant, pool: Pool, a_quote: MakeBody, a_body: MakeBody, path: str
) -> None:
    client = ours.api()
    for field, given in WRONG:
        body = (a_quote if path == "quotes" else a_body)(**given)
        response = client.post(f"/api/v1/{path}", body, content_type="application/json")
        assert (response.status_code, response.json()["field"].split(".")[0]) == (400, field), given
    assert nothing_is_kept()


def test_a_wrong_element_is_named_by_its_place(ours: Tenant, pool: Pool, a_quote: MakeBody) -> None:
    body = a_quote(units=[2, 0], duration=[60, 60])
    problem = ours.api().post("/api/v1/quotes", body, content_type="application/json").json()
    assert problem["field"] == "units.1"
