"""Refuses bodies that nothing here takes before they fill the disk: Django keeps one whole before it looks at it."""

import json
from typing import Any

from asgiref.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
    Scope,
)

from era_platform.common.errors import TooLarge
from era_platform.common.problems import CONTENT_TYPE, problem_body

FORM_BYTES = 1024 * 1024  # what a form may need around its file


class BodyLimit:
    """An ASGI application around another: bodies of more than `most` bytes are answered with 413, not passed on."""

    def __init__(self, application: Any, most: int) -> None:
        self._application = application
        self._most = most

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif _announced(scope) > self._most:
            await self._refuse(send)
        else:
            await self._count(scope, receive, send)

    async def _count(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """A body whose length nobody announced is counted as it comes; to the application it breaks off."""
        seen, answered = 0, False

        async def counting() -> ASGIReceiveEvent:
            nonlocal seen
            event = await receive()
            if event["type"] == "http.request":
                seen += len(event.get("body", b""))
            return {"type": "http.disconnect"} if seen > self._most else event

        async def noticing(event: ASGISendEvent) -> None:
            nonlocal answered
            answered = True
            await send(event)

        await self._application(scope, counting, noticing)
        if seen > self._most and not answered:
            await self._refuse(send)

    async def _refuse(self, send: ASGISendCallable) -> None:
        problem = TooLarge(f"The body has more than {self._most} bytes.")
        headers = [(b"content-type", CONTENT_TYPE.encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers, "trailers": False})
        body: Any = json.dumps(problem_body(problem)).encode()
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _announced(scope: HTTPScope) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0
