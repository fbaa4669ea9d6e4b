"""Bodies as the ASGI server brings them: read only if they are welcome, and straight to the store."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from pytest_django import Settings

from datasets import store
from datasets.api.bodies import BODY, Body, StoreBodies
from era_platform.common.errors import TooLarge
from tests.datasets.ways import a_dataset, a_draft, digest_of, published
from tests.factories import Tenant, a_tenant

pytestmark = pytest.mark.django_db(transaction=True)
"""The body is looked at in another thread, with a connection of its own."""


@pytest.fixture
def tenant() -> Tenant:
    return a_tenant("ours")


class Inner:
    """Answers with what it was handed."""

    def __init__(self) -> None:
        self.scope: Any = None
        self.body = b""
        self.content = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.body = scope, (await receive())["body"]
        if isinstance(scope.get(BODY), Body):
            self.content = scope[BODY].part.read_bytes()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(
    method: str, path: str, *pieces: bytes, token: str = "", announced: int | None = None, breaks: bool = False
) -> tuple[Inner, Inner]:
    pages, rest = Inner(), Inner()
    headers = [(b"authorization", f"Bearer {token}".encode())]
    headers += [] if announced is None else [(b"content-length", str(announced).encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    communicator = ApplicationCommunicator(StoreBodies(pages, rest), scope)
    for number, piece in enumerate(pieces, start=1):
        more = breaks or number < len(pieces)
        await communicator.send_input({"type": "http.request", "body": piece, "more_body": more})
    if breaks:
        await communicator.send_input({"type": "http.disconnect"})
    await communicator.wait(30)
    return pages, rest


def parts(tenant: Tenant) -> list[Path]:
    return list(store.made(tenant.organization.pk, "parts").iterdir())


def address(tenant: Tenant, version: Any, rest: str = "files/a.txt") -> str:
    return f"/api/v1/datasets/{tenant.slug}/digits/versions/{version}/{rest}"


def test_a_welcome_body_is_handed_on_as_a_part(tenant: Tenant) -> None:
    path, token = address(tenant, a_draft(tenant).pk), tenant.token()
    pages, _rest = asyncio.run(ask("PUT", path, b"one ", b"two", token=token, announced=7))
    assert (pages.body, pages.content) == (b"", b"one two")
    assert (pages.scope[BODY].size, pages.scope[BODY].digest) == (7, digest_of(b"one two"))
    assert parts(tenant) == []


def test_the_body_of_somebody_who_may_not_is_not_read(tenant: Tenant) -> None:
    path = address(tenant, a_draft(tenant, a_dataset(tenant, visibility="public")).pk)
    for token in ("unknown", "", tenant.token("viewer"), a_tenant("theirs").token("owner")):
        pages, _rest = asyncio.run(ask("PUT", path, b"one", token=token, announced=3))
        assert pages.body == b""
        assert BODY not in pages.scope
    assert parts(tenant) == []


def test_a_body_for_what_is_published_or_not_there_is_not_read(tenant: Tenant) -> None:
    token = tenant.token()
    published(tenant)
    for version in ("1", "latest", "7", "00000000-0000-0000-0000-000000000000"):
        pages, _rest = asyncio.run(ask("POST", address(tenant, version, "archive"), b"one", token=token))
        assert BODY not in pages.scope


def test_a_body_too_large_or_beyond_the_quota_is_not_read_where_that_was_announced(
    tenant: Tenant, settings: Settings
) -> None:
    settings.ERA_DATASET_PUT_MAX_BYTES, settings.ERA_DATASET_QUOTA_BYTES = 10, 5
    path, token = address(tenant, a_draft(tenant).pk), tenant.token()
    for announced in (6, 11, 10**17):
        pages, _rest = asyncio.run(ask("PUT", path, b"one", token=token, announced=announced))
        assert BODY not in pages.scope


def test_a_body_that_turns_out_too_large_is_told_and_its_part_removed(tenant: Tenant, settings: Settings) -> None:
    settings.ERA_DATASET_PUT_MAX_BYTES = 5
    path, token = address(tenant, a_draft(tenant).pk), tenant.token()
    pages, _rest = asyncio.run(ask("PUT", path, b"one", b"two", token=token))
    assert isinstance(pages.scope[BODY], TooLarge)
    assert parts(tenant) == []


def test_a_sender_who_vanishes_leaves_nothing(tenant: Tenant) -> None:
    path, token = address(tenant, a_draft(tenant).pk), tenant.token()
    pages, rest = asyncio.run(ask("PUT", path, b"half of", token=token, announced=100, breaks=True))
    assert pages.scope is None
    assert rest.scope is None
    assert parts(tenant) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/datasets/ours/digits/versions/1/files/a"),
        ("POST", "/api/v1/datasets/ours/digits/versions/1/files/a"),
        ("PUT", "/api/v1/datasets/ours/digits/versions/1/archive"),
        ("POST", "/api/v1/jobs"),
    ],
)
def test_all_other_requests_go_their_way(method: str, path: str) -> None:
    pages, rest = asyncio.run(ask(method, path, b"body"))
    assert pages.scope is None
    assert rest.body == b"body"
