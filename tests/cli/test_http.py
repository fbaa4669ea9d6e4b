"""Requests over connections that break: sent again where that does no harm, and errors that say what is wrong."""

import json

import pytest

from era_client.errors import (
    ApiError,
    Conflict,
    Forbidden,
    InsufficientFunds,
    Invalid,
    NetworkError,
    NotFound,
    NotSignedIn,
    ServerError,
    TooLarge,
    UsageError,
)
from era_client.http import Connection, base_url
from era_platform.embedded.ports import free_port
from tests.cli.serving import Answer, one_after_the_other, served

BROKEN, BUSY = Answer(cut=0), Answer(503, b"", {"Retry-After": "0"})
GOOD = Answer(200, b'{"good": true}')

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize("trouble", [BROKEN, BUSY, Answer(200, b'{"good"', cut=3), Answer(429), Answer(502)])
def test_what_passes_by_itself_is_tried_again(trouble: Answer) -> None:
    with served(one_after_the_other(trouble, trouble, GOOD)) as server:
        assert server.connection().get("pools") == {"good": True}
        assert len(server.asked) == 3


@pytest.mark.parametrize("trouble", [BROKEN, BUSY])
def test_what_could_do_harm_when_sent_twice_is_sent_once(trouble: Answer) -> None:
    with served(one_after_the_other(trouble, GOOD)) as server:
        with pytest.raises((NetworkError, ServerError)):
            server.connection().call("POST", "datasets", json={})
        assert len(server.asked) == 1


def test_it_is_not_tried_for_ever() -> None:
    with served(one_after_the_other(BROKEN)) as server:
        with pytest.raises(NetworkError, match="was not reached") as caught:
            server.connection(attempts=3).get("pools")
        assert len(server.asked) == 3
        assert caught.value.hint


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, NotSignedIn),
        (402, InsufficientFunds),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, TooLarge),
        (418, ApiError),
        (422, Invalid),
        (500, ServerError),
    ],
)
def test_a_problem_is_an_error_of_its_own_kind_with_all_that_was_told(status: int, kind: type[ApiError]) -> None:
    problem = {"code": "special", "detail": "It is so.", "field": "units", "request_id": "r1", "price": "3"}
    with served(one_after_the_other(Answer(status, json.dumps(problem).encode()))) as server:
        with pytest.raises(kind, match=r"It is so\.") as caught:
            server.connection().get("pools")
        assert type(caught.value) is kind
        assert (caught.value.status, caught.value.code, caught.value.field) == (status, "special", "units")
        assert caught.value.as_dict() | problem == caught.value.as_dict()
        assert len(server.asked) == 1


def test_an_error_without_a_problem_is_still_an_error() -> None:
    with served(one_after_the_other(Answer(404, b"<html>"))) as server, pytest.raises(NotFound) as caught:
        server.connection().get("pools")
    assert (caught.value.code, caught.value.detail) == ("http_404", "The platform answered 404.")


def test_an_address_that_is_no_platform_is_told_as_such() -> None:
    with (
        served(one_after_the_other(Answer(200, b"<html>"))) as server,
        pytest.raises(NetworkError, match="is it an ERA"),
    ):
        server.connection().get("pools")


def test_the_token_does_not_follow_to_another_address() -> None:
    with (
        served(one_after_the_other(GOOD)) as elsewhere,
        served(one_after_the_other(Answer(302, b"", {"Location": elsewhere.url}))) as server,
    ):
        with pytest.raises(NetworkError, match=f"sends us on to {elsewhere.url}"):
            server.connection().get("pools")
        assert elsewhere.asked == []


def test_a_list_is_read_page_after_page_from_the_address_we_know() -> None:
    pages = [
        {"results": [{"n": 1}], "next": "http://inside:8000/api/v1/jobs?cursor=a%20b&state=failed&state=running"},
        {"results": [{"n": 2}], "next": None},
    ]
    answers = [Answer(200, json.dumps(page).encode()) for page in pages]
    with served(one_after_the_other(*answers)) as server:
        rows = list(server.connection().pages("jobs", {"state": ["failed", "running"], "pool": None}))
        assert rows == [{"n": 1}, {"n": 2}]
        assert [asked.path for asked in server.asked] == [
            "/api/v1/jobs?state=failed&state=running",
            "/api/v1/jobs?cursor=a+b&state=failed&state=running",
        ]


def test_every_request_brings_the_token() -> None:
    with served(one_after_the_other(GOOD)) as server:
        server.connection().get("pools")
        assert server.asked[0].headers["Authorization"] == "Bearer token"


def test_where_nobody_listens_is_told_with_the_address() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NetworkError, match=url):
        Connection(url, "token", attempts=2).get("pools")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://era.example.org", "https://era.example.org"),
        ("https://era.example.org/", "https://era.example.org"),
        ("https://era.example.org/api/v1/", "https://era.example.org"),
        ("era.example.org", "https://era.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://example.org/era/", "https://example.org/era"),
    ],
)
def test_an_address_is_taken_as_people_type_it(typed: str, address: str) -> None:
    assert base_url(typed) == address


@pytest.mark.parametrize("typed", ["", "ftp://era.example.org", "https://", "https://me:secret@era.example.org"])
def test_what_is_no_address_is_refused_and_tells_no_password(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(typed)
    assert "secret" not in caught.value.detail
