"""Bodies beyond the limit never reach the application, announced or not."""

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from era_platform.body_limit import BodyLimit

MOST = 10


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body to its end, as Django does, then answers with it."""
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body, more = body + event["body"], event["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def ask(*parts: bytes, announced: bytes | None = None) -> tuple[int, bytes]:
    headers = [] if announced is None else [(b"content-length", announced)]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    communicator = ApplicationCommunicator(BodyLimit(echo, MOST), scope)
    for number, part in enumerate(parts, start=1):
        more = number < len(parts)
        await communicator.send_input({"type": "http.request", "body": part, "more_body": more})
    start, body = [await communicator.receive_output() for _ in range(2)]
    return start["status"], body["body"]


async def test_a_body_within_the_limit_is_passed_on() -> None:
    assert await ask(b"12345", b"67890") == (200, b"1234567890")
    assert await ask(b"1234567890", announced=b"10") == (200, b"1234567890")


@pytest.mark.parametrize("announced", [b"11", b"9" * 30])
async def test_a_body_that_says_it_is_too_large_is_refused_unread(announced: bytes) -> None:
    status, body = await ask(announced=announced)
    assert status == 413
    assert b'"code": "too_large"' in body


async def test_a_body_that_becomes_too_large_is_refused() -> None:
    status, _body = await ask(b"12345", b"678901", b"more")
    assert status == 413
