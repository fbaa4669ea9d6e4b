"""Whatever a body holds: what is wrong is a 400 that names the field, and nothing is kept."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import MakeBody
from tests.api.test_submit import nothing_is_kept
from tests.factories import Tenant

pytestmark = pytest.mark.usefixtures("pool", "theirs")

WRONG: list[tuple[str, Any]] = [
    ("pool", None),
    ("pool", "nowhere"),
    ("pool", "lo\0cal"),
    ("pool", 7),
    ("units", None),
    ("units", 0),
    ("units", -1),
    ("units", 1.5),
    ("units", "2"),
    ("units", True),
    ("units", 10**40),
    ("units", []),
    ("duration", 0),
    ("duration", 10**18),
    ("deadline", None),
    ("deadline", "2030-01-01T00:00:00"),
    ("deadline", "2030-13-01T00:00:00Z"),
    ("deadline", "tomorrow"),
    ("deadline", "0001-01-01T00:00:00+14:00"),
    ("deadline", "9999-12-31T23:59:59-14:00"),
    ("deadline", 1893456000),
    ("deadline", "2030-01-01T00:00:00Z\0"),
    ("earliest", "2030-01-01"),
    ("earliest", {}),
    ("value", None),
    ("value", 5),
    ("value", 0.1),
    ("value", "-1"),
    ("value", "0.0000001"),
    ("value", "1e3"),
    ("value", "NaN"),
    ("value", "Infinity"),
    ("value", "١"),
    ("value", "9999999999999"),
    ("value", "1" * 5000),
    ("name", None),
    ("name", ""),
    ("name", "   "),
    ("name", "x" * 121),
    ("name", "two\nlines"),
    ("name", "zero\0byte"),
    ("name", "half \ud800"),
    ("name", ["a"]),
    ("image", ""),
    ("image", "no such image"),
    ("image", "host\0"),
    ("command", None),
    ("command", []),
    ("command", ""),
    ("command", [""]),
    ("command", ["a", 1]),
    ("command", {"a": 1}),
    ("command", ["zero\0byte"]),
    ("command", ["half \ud800"]),
    ("command", "an 'unclosed quote"),
    ("command", ["x"] * 1001),
    ("command", "x" * 70_000),
    ("env", []),
    ("env", {"A": 1}),
    ("env", {"1A": "x"}),
    ("env", {"A-B": "x"}),
    ("env", {"": "x"}),
    ("env", {"ERA_UNITS": "9"}),
    ("env", {"A": "zero\0byte"}),
    ("env", {"half \ud800": "x"}),
    ("env", {f"A{n}": "" for n in range(201)}),
    ("env", {"A": "x" * 70_000}),
    ("datasets", ["mnist"]),
    ("datasets", "mnist"),
    ("code", "no-uuid"),
    ("code", "6f1c5f3e-0000-4000-8000-000000000000"),
    ("deadlin", "2030-01-01T00:00:00Z"),
    ("", "nameless"),
]


def refused(client: Client, body: Any) -> dict[str, Any]:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    response = client.post("/api/v1/jobs", text, content_type="application/json")
    problem: dict[str, Any] = response.json()
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json"), problem
    assert nothing_is_kept()
    return problem


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{field} {value!a:.30}" for field, value in WRONG])
def test_a_wrong_field_is_named(ours: Tenant, a_body: MakeBody, field: str, value: Any) -> None:
    problem = refused(ours.api(), a_body(**{field: value}))
    assert any(error["field"].split(".")[0] == field for error in problem["errors"]), problem


def test_all_wrong_fields_are_named_at_once(ours: Tenant, a_body: MakeBody) -> None:
    problem = refused(ours.api(), a_body(units=0, deadline="soon", value="1e9", deadlin="x"))
    assert {error["field"] for error in problem["errors"]} == {"units", "deadline", "value", "deadlin"}


def test_what_only_the_platform_knows_to_be_wrong_is_named_at_once_too(ours: Tenant, a_body: MakeBody) -> None:
    problem = refused(ours.api(), a_body(pool="nowhere", image="no such image", env={"ERA_A": ""}))
    assert {error["field"] for error in problem["errors"]} == {"pool", "image", "env"}


@pytest.mark.parametrize(
    "body",
    ["", "{", "null", "[]", '"text"', "7", "NaN", '{"units": NaN}', '{"units": Infinity}', b"\xff", "[" * 200_000],
    ids=lambda body: f"{body!a:.20}",
)
def test_what_is_no_json_object_is_refused(ours: Tenant, body: str | bytes) -> None:
    refused(ours.api(), body)


def test_a_number_of_many_digits_is_refused(ours: Tenant) -> None:
    refused(ours.api(), '{"units": ' + "9" * 5000 + "}")


def test_a_body_that_is_too_large_is_a_413(ours: Tenant) -> None:
    response = ours.api().post("/api/v1/jobs", " " * 3_000_000, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_body_of_another_type_is_a_415(ours: Tenant) -> None:
    response = ours.api().post("/api/v1/jobs", "<job/>", content_type="application/xml")
    assert (response.status_code, response["Content-Type"]) == (415, "application/problem+json")


@pytest.mark.parametrize(
    ("name", "value"),
    [("units", "two"), ("env", "A=1"), ("env", '{"A": 1}'), ("datasets", "mnist"), ("command", '["a", 1]')],
)
def test_a_wrong_field_of_a_form_is_named(ours: Tenant, a_body: MakeBody, name: str, value: str) -> None:
    response = ours.api().post("/api/v1/jobs", a_body(command="true") | {name: value})
    assert (response.status_code, response.json()["field"]) == (400, name)
    assert nothing_is_kept()


def test_a_form_that_is_cut_off_is_refused(ours: Tenant) -> None:
    response = ours.api().post("/api/v1/jobs", b"--b\r\n", content_type="multipart/form-data; boundary=b")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_a_form_of_too_many_fields_is_refused(ours: Tenant) -> None:
    response = ours.api().post("/api/v1/jobs", {f"f{n}": "" for n in range(1001)})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
