"""Calls made to the ASGI application in this process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from django.db import connections

from datasets.api.bodies import StoreBodies
from era_platform.body_limit import BodyLimit
from era_platform.pages import Pages
from tests.datasets.fuzzing.answers import PATIENCE, Answer
from tests.datasets.fuzzing.calls import Call
from tests.jobs.sockets import Sockets

MOST = 2**26


class InProcess:
    """All that stands behind the HTTP server, which would not hand on what is no HTTP."""

    def __init__(self) -> None:
        self._sockets, self._pages = Sockets(), Pages()
        self._pages._threads = ThreadPoolExecutor(1)  # so that its connection to the database can be closed
        self._application = StoreBodies(self._pages, BodyLimit(self._pages, MOST))

    def ask(self, call: Call) -> Answer:
        return self._sockets.run(_ask(self._application, call))

    def close(self) -> None:
        self._pages._threads.submit(connections.close_all).result()
        self._sockets.close()


async def _ask(application: Any, call: Call) -> Answer:
    answer, waiting = Answer(), [call.body[: len(call.body) // 2], call.body[len(call.body) // 2 :]]

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(PATIENCE)
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            answer.status = event["status"]
            headers = {name.lower(): value for name, value in event["headers"]}
            answer.content_type = headers.get(b"content-type", b"").decode("latin-1")
        else:
            answer.take(event.get("body", b""))

    await asyncio.wait_for(application(_scope(call), receive, send), PATIENCE)
    return answer


def _scope(call: Call) -> dict[str, Any]:
    path, _, query = call.target.partition(b"?")
    sent = {name for name, _value in call.headers}
    headers = [(b"host", b"testserver"), *call.headers]
    if call.body and b"content-length" not in sent:
        headers.append((b"content-length", str(len(call.body)).encode()))
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": call.method, "scheme": "http",
        "path": unquote(path.decode("latin-1")), "raw_path": path, "query_string": query, "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
