"""WebSockets from elsewhere: a page of another site is turned away, a program with a token is not."""

import asyncio
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from era_platform.common.origins import OriginUnlessToken


def let_in(settings: Settings, *headers: tuple[bytes, bytes]) -> bool:
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    seen: list[str] = []
    incoming: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append("application")

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        seen.append(message["type"])

    scope = {"type": "websocket", "path": "/ws/", "headers": list(headers)}
    asyncio.run(OriginUnlessToken(application)(scope, receive, send))
    return seen == ["application"]


TOKEN = (b"authorization", b"Bearer x")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"origin", b"https://portal.example.org")], True),
        ([(b"origin", b"https://evil.example.com")], False),
        ([], False),
        ([TOKEN], True),
        ([TOKEN, (b"origin", b"https://evil.example.com")], True),
    ],
)
def test_who_is_let_in(settings: Settings, headers: list[tuple[bytes, bytes]], expected: bool) -> None:
    assert let_in(settings, *headers) is expected
