"""POST jobs/batch: an answer for each request in order, once for each key; what is wrong is named by its place."""

import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django import Settings

from era_platform.common.money import parse_credits
from jobs.models import Batch, Job
from pricing.models import Pool
from tests.api.conftest import Body, MakeBody
from tests.api.test_submit import nothing_is_kept
from tests.factories import Tenant, a_tenant

pytestmark = pytest.mark.usefixtures("pool", "theirs")
URL = "/api/v1/jobs/batch"


def post(client: Client, body: Any, **headers: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(URL, text, content_type="application/json", headers=headers)


def bought(tenant: Tenant, body: Body) -> dict[str, Any]:
    response = post(tenant.api(), body)
    assert response.status_code == 201, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def refused(tenant: Tenant, body: Any, status: int = 400) -> dict[str, Any]:
    response = post(tenant.api(), body)
    problem: dict[str, Any] = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), problem
    assert nothing_is_kept()
    with scopes_disabled():
        assert not Batch.objects.exists()
    return problem


def test_each_request_is_answered_in_its_place(ours: Tenant, a_body: MakeBody) -> None:
    requests = [a_body(name="a"), a_body(name="b", value="0"), a_body(name="c", units=9), a_body(name="d")]
    answer = bought(ours, {"requests": requests, "mode": "best_effort", "name": "four"})
    assert (answer["name"], answer["mode"], answer["size"]) == ("four", "best_effort", 4)
    assert (answer["accepted"], answer["refused"], answer["submitted_by"]) == (2, 2, ours.member.email)
    assert [(one["index"], one["state"], one["reason"]) for one in answer["results"]] == [
        (0, "reserved", ""),
        (1, "rejected", "price_above_value"),
        (2, "rejected", "too_many_units"),
        (3, "reserved", ""),
    ]
    prices = [parse_credits(answer["results"][index]["price"]) for index in (0, 3)]
    assert parse_credits(answer["price"]) == sum(prices)
    for one, request in zip(answer["results"], requests, strict=True):
        job = ours.api().get(f"/api/v1/jobs/{one['id']}").json()
        assert job["name"] == request["name"]
        assert (job["batch"], job["batch_index"]) == (answer["id"], one["index"])
        assert {name: job[name] for name in ("state", "reason", "price", "start", "end")} == {
            name: one[name] for name in ("state", "reason", "price", "start", "end")
        }


def test_a_sweep_is_one_job_for_each_combination(ours: Tenant, a_body: MakeBody) -> None:
    template = a_body(name="lr={lr}", command="python train.py --lr {lr}", env={"SEED": "{seed}"})
    answer = bought(ours, {"template": template, "sweep": {"lr": ["0.1", 0.01], "seed": [1, 2]}})
    jobs = [ours.api().get(f"/api/v1/jobs/{one['id']}").json() for one in answer["results"]]
    assert [(job["name"], job["command"][-1], job["env"]["SEED"]) for job in jobs] == [
        ("lr=0.1", "0.1", "1"),
        ("lr=0.1", "0.1", "2"),
        ("lr=0.01", "0.01", "1"),
        ("lr=0.01", "0.01", "2"),
    ]


def test_the_location_tells_how_the_batch_is_now(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    created = post(client, {"requests": [a_body(), a_body()]})
    assert client.get(created["Location"]).json() == created.json()
    client.post(f"/api/v1/jobs/{created.json()['results'][1]['id']}/cancel")
    assert [one["state"] for one in client.get(created["Location"]).json()["results"]] == ["reserved", "cancelled"]


def test_the_list_of_jobs_can_be_narrowed_down_to_a_batch(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    client.post("/api/v1/jobs", a_body(name="alone"), content_type="application/json")
    answer = bought(ours, {"requests": [a_body(name=f"job {number}") for number in range(3)]})
    listed = client.get("/api/v1/jobs", {"batch": answer["id"], "ordering": "-batch_index"}).json()["results"]
    assert [job["name"] for job in listed] == ["job 2", "job 1", "job 0"]


def test_the_same_key_and_body_give_the_same_batch(ours: Tenant, a_body: MakeBody) -> None:
    client, body = ours.api(), {"requests": [a_body(), a_body()]}
    first = post(client, body, **{"Idempotency-Key": "one"})
    again = post(client, body, **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    other = post(client, {"requests": [a_body()]}, **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    single = client.post("/api/v1/jobs", a_body(), content_type="application/json", headers={"Idempotency-Key": "one"})
    assert single.status_code == 422
    with scopes_disabled():
        assert Job.objects.count() == 2


def test_all_or_nothing_is_a_409_that_names_who_is_refused(ours: Tenant, a_body: MakeBody) -> None:
    problem = refused(ours, {"requests": [a_body(), a_body(value="0")]}, 409)
    assert (problem["code"], problem["field"], problem["count"]) == ("batch_refused", "requests[1]", 1)
    assert problem["refused"][0]["reason"] == "price_above_value"


def test_an_empty_wallet_is_a_402_for_all_or_nothing_and_a_reason_for_best_effort(a_body: MakeBody) -> None:
    poor = a_tenant("poor", credits=0)
    problem = refused(poor, {"requests": [a_body(), a_body()]}, 402)
    assert (problem["code"], problem["available"]) == ("insufficient_funds", "0.00")
    answer = bought(poor, {"requests": [a_body()], "mode": "best_effort"})
    assert [(one["state"], one["reason"]) for one in answer["results"]] == [("rejected", "insufficient_funds")]
    assert answer["price"] == "0.00"


def test_a_closed_pool_is_a_409(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    Pool.objects.filter(pk=pool.pk).update(is_open=False)
    assert refused(ours, {"requests": [a_body()], "mode": "best_effort"}, 409)["code"] == "pool_closed"


def test_the_code_of_another_organization_is_not_there(ours: Tenant, a_body: MakeBody) -> None:
    other = "6f1c5f3e-0000-4000-8000-000000000000"
    assert refused(ours, {"requests": [a_body(), a_body(code=other)]})["field"] == "requests[1].code"


TEMPLATE = {"template": {"name": "{a}"}, "sweep": {"a": [1]}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "requests"),
        ({"requests": []}, "requests"),
        ({"requests": {}}, "requests"),
        ({"requests": None}, "requests"),
        ({"requests": [{}] * 10_001}, "requests"),
        ({"requests": [{"name": "a"}, 7]}, "requests[1]"),
        ({"requests": [{"units": 0}]}, "requests[0].units"),
        ({"requests": [{"unit": 0}]}, "requests[0].unit"),
        ({"requests": [{}], "mode": "some"}, "mode"),
        ({"requests": [{}], "name": "zero\0"}, "name"),
        ({"requests": [{}], "more": 1}, "more"),
        ({**TEMPLATE, "requests": [{}]}, "requests"),
        ({"template": {}}, "sweep"),
        ({"requests": [{}], "sweep": {"a": [1]}}, "requests"),
        ({"template": {"units": 0}, "sweep": {"a": [1]}}, "template.units"),
        ({"template": {"name": "{a}"}, "sweep": {}}, "sweep"),
        ({"template": {"name": "{a}"}, "sweep": {"a": []}}, "sweep.a"),
        ({"template": {"name": "{a}"}, "sweep": {"a": "1"}}, "sweep"),
        ({"template": {"name": "{a}"}, "sweep": {"a": [True]}}, "sweep"),
        ({"template": {"name": "{a}"}, "sweep": {"a": [None]}}, "sweep"),
        ({"template": {"name": "{a}"}, "sweep": {"a": ["zero\0"]}}, "sweep"),
        ({"template": {"name": "{a}"}, "sweep": {"a": ["\n"]}}, "template.name"),
        ({"template": {"name": "{a}"}, "sweep": {"a": ["x" * 121]}}, "template.name"),
        ({"template": {"name": "{a}"}, "sweep": {"a": [1], "b": [1]}}, "sweep.b"),
        ({"template": {"name": "{a}"}, "sweep": {"a": list(range(10_001))}}, "sweep"),
        ({"template": {"env": {"A": "{a}"}}, "sweep": {"a": ["x" * 70_000]}}, "template.env"),
    ],
    ids=lambda value: f"{value!a:.60}",
)
def test_what_is_wrong_is_named_by_its_place(ours: Tenant, a_body: MakeBody, change: Body, field: str) -> None:
    """What is given is put into bodies that are right otherwise."""
    body = dict(change)
    if isinstance(body.get("requests"), list):
        body["requests"] = [a_body(**one) if isinstance(one, dict) else one for one in body["requests"]]
    if "template" in body:
        body["template"] = a_body(**body["template"])
    problem = refused(ours, body)
    assert field in [problem.get("field"), *(error["field"] for error in problem.get("errors", ()))], problem


def test_wrong_fields_of_several_requests_are_named_together(ours: Tenant, a_body: MakeBody) -> None:
    problem = refused(ours, {"requests": [a_body(units=0), a_body(), a_body(deadline="soon", value=5)]})
    assert {error["field"] for error in problem["errors"]} == {
        "requests[0].units",
        "requests[2].deadline",
        "requests[2].value",
    }


def test_a_body_that_is_too_large_is_a_413(ours: Tenant, settings: Settings) -> None:
    settings.ERA_BATCH_MAX_BYTES = 1000
    assert refused(ours, " " * 1001, 413)["code"] == "too_large"


def test_a_batch_may_be_larger_than_other_bodies(ours: Tenant, a_body: MakeBody, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert bought(ours, {"requests": [a_body()] * 10})["accepted"] == 10


def test_a_viewer_may_not_submit_but_look(ours: Tenant, a_body: MakeBody) -> None:
    assert post(ours.api("viewer"), {"requests": [a_body()]}).status_code == 403
    assert nothing_is_kept()
    answer = bought(ours, {"requests": [a_body()]})
    assert ours.api("viewer").get(f"{URL}/{answer['id']}").json() == answer


def test_another_organizations_batch_is_not_there(ours: Tenant, theirs: Tenant, a_body: MakeBody) -> None:
    answer = bought(theirs, {"requests": [a_body()]})
    assert ours.api().get(f"{URL}/{answer['id']}").status_code == 404
    assert ours.api().get("/api/v1/jobs", {"batch": answer["id"]}).json()["results"] == []
