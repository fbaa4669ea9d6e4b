"""WebSockets to the platform's own ASGI application, for tests that aren't asynchronous themselves."""

import asyncio
import json
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar
from urllib.parse import unquote

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connections
from django.test import Client

from era_platform.asgi import application

PATIENCE = 20.0
T = TypeVar("T")


class Sockets:
    """An event loop in a thread, and the connections made in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._open: list[Socket] = []
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE * 2)

    def connect(self, path: str, *, token: str = "", browser: Client | None = None) -> "Socket":
        headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
        if token:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if browser:
            headers.append((b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode()))
        socket = Socket(self, path, headers)
        self._open.append(socket)
        return socket

    def close(self) -> None:
        for socket in self._open:
            socket.close()
        self.run(sync_to_async(connections.close_all)())
        self._loop.call_soon_threadsafe(self._loop.stop)


class Socket:
    def __init__(self, sockets: Sockets, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        self._sockets = sockets
        self.frames: list[int] = []  # sizes of the binary ones
        self.texts: list[dict[str, Any]] = []
        self.log = b""
        sockets.run(self._connect(path, headers))

    async def _connect(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        # Made inside the loop that it will live in.
        plain, _, query = path.partition("?")
        scope = {"type": "websocket", "path": unquote(plain), "query_string": query.encode(), "headers": headers}
        self._communicator = ApplicationCommunicator(application, {**scope, "subprotocols": []})
        await self._communicator.send_input({"type": "websocket.connect"})
        answer = await self._communicator.receive_output(PATIENCE)
        assert answer["type"] == "websocket.accept", "every handshake is accepted, then perhaps closed with a code"

    def receive(self) -> dict[str, Any]:
        """The next frame, as ASGI has it; log and texts are kept as well."""
        output: dict[str, Any] = self._sockets.run(self._communicator.receive_output(PATIENCE))
        self._keep(output)
        return output

    def _keep(self, output: dict[str, Any]) -> None:
        if output.get("bytes") is not None:
            self.log += output["bytes"]
            self.frames.append(len(output["bytes"]))
        elif output.get("text") is not None:
            self.texts.append(json.loads(output["text"]))

    def until_closed(self) -> int:
        """Receive everything; the code with which it was closed."""
        while (output := self.receive())["type"] != "websocket.close":
            continue
        return int(output["code"])

    def until_log(self, expected: bytes) -> None:
        """Receive until the log has come to as many bytes as `expected`, which it must be then."""
        while len(self.log) < len(expected):
            self.receive()
        assert self.log == expected

    def until_text(self, **expected: Any) -> dict[str, Any]:
        """Receive until a text frame holds all of `expected`."""
        while True:
            for text in self.texts:
                if expected.items() <= text.items():
                    return text
            assert self.receive()["type"] == "websocket.send", "closed before it came"

    def close(self) -> None:
        self._sockets.run(self._disconnect())

    async def _disconnect(self) -> None:
        await self._communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._communicator.wait(PATIENCE)
