"""Whatever goes wrong under /api/ is told as RFC 9457 problem+json; elsewhere as a page with the same status."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions, serializers

from era_platform.common import error_views
from era_platform.common.errors import (
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    InsufficientFunds,
    InvalidInput,
    NotFound,
    Problem,
    TooLarge,
)
from era_platform.common.problems import exception_handler
from tests.factories import Tenant

API = RequestFactory().get("/api/v1/jobs")


class Nested(serializers.Serializer):
    path = serializers.CharField()
    size = serializers.IntegerField(min_value=1)


class Outer(serializers.Serializer):
    datasets = Nested(many=True)
    name = serializers.CharField()


def told(error: Exception) -> tuple[int, dict[str, Any]]:
    response = exception_handler(error, {"request": API})
    assert response is not None
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:era-platform:problem:{body['code']}"
    assert body["title"]
    return response.status_code, body


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidInput, 400),
        (InsufficientFunds, 402),
        (Forbidden, 403),
        (NotFound, 404),
        (Conflict, 409),
        (TooLarge, 413),
        (IdempotencyMismatch, 422),
    ],
)
def test_our_own_problems_keep_their_status_code_and_words(kind: type[Problem], status: int) -> None:
    answered, body = told(kind("What is wrong.", field="units", most=7))
    assert (answered, body["detail"], body["code"]) == (status, "What is wrong.", kind.code)
    assert (body["field"], body["most"]) == ("units", 7)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed(), 401, "authentication_failed"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
        (exceptions.Throttled(9), 429, "throttled"),
    ],
)
def test_the_frameworks_problems_look_the_same(error: Exception, status: int, code: str) -> None:
    answered, body = told(error)
    assert (answered, body["code"]) == (status, code)


def test_every_field_that_is_wrong_is_named_by_its_path() -> None:
    form = Outer(data={"datasets": [{"path": "a", "size": 1}, {"size": 0}]})
    with pytest.raises(exceptions.ValidationError) as caught:
        form.is_valid(raise_exception=True)
    status, body = told(caught.value)
    assert (status, body["code"], body["field"]) == (400, "invalid", body["errors"][0]["field"])
    assert {(error["field"], error["code"]) for error in body["errors"]} == {
        ("datasets.1.path", "required"),
        ("datasets.1.size", "min_value"),
        ("name", "required"),
    }


def test_what_belongs_to_no_field_has_none() -> None:
    _status, body = told(exceptions.ValidationError({"non_field_errors": ["Together they make no sense."]}))
    assert "field" not in body
    assert body["detail"] == "Together they make no sense."


def test_what_nobody_expected_is_left_to_django() -> None:
    assert exception_handler(ZeroDivisionError(), {"request": API}) is None


def test_waiting_is_told_in_the_header() -> None:
    response = exception_handler(exceptions.Throttled(9), {"request": API})
    assert response is not None
    assert response["Retry-After"] == "9"


@pytest.mark.parametrize("path", ["nothing", "wallet/", "jobs/not-an-id", "%00", "pools/../wallet"])
def test_an_unknown_address_of_the_api(ours: Tenant, path: str) -> None:
    answer = ours.api().get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_a_method_that_is_not_there(ours: Tenant) -> None:
    answer = ours.api().delete("/api/v1/wallet")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_a_form_that_cannot_be_given(ours: Tenant) -> None:
    answer = ours.api().get("/api/v1/wallet", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_an_answer_carries_the_id_of_its_request(ours: Tenant) -> None:
    answer = ours.api().get("/api/v1/nothing", headers={"X-Request-ID": "abc123"})
    assert answer.json()["request_id"] == "abc123"


def test_a_page_that_is_not_there(ours: Tenant) -> None:
    for client in (Client(), ours.client()):
        answer = client.get("/nothing/")
        assert (answer.status_code, answer.templates[0].name) == (404, "problem.html")


def test_our_own_mistakes_are_told_without_their_details() -> None:
    answer = error_views.server_error(API)
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert error_views.server_error(RequestFactory().get("/o/ours/")).status_code == 500


def test_a_crash_under_the_api_is_json_too(ours: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(organization: object) -> None:
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr("accounts.selectors.wallet_of", crash)
    api = ours.api()
    api.raise_request_exception = False
    answer = api.get("/api/v1/wallet")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "secret reason" not in answer.content.decode()


@pytest.mark.parametrize("handler", [error_views.bad_request, error_views.permission_denied])
def test_djangos_refusals_are_told_in_the_form_that_fits(handler: Any) -> None:
    answer = handler(API, Exception())
    assert answer["Content-Type"] == "application/problem+json"
