"""A client of the transfer socket without a network: events of ASGI in and out, in an event loop of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from datasets.transfer import frames
from datasets.transfer.application import transfer

PATIENCE = 30.0
Message = dict[str, Any]


class Talk:
    """One connection. `texts` are the messages that came so far, `closed` the code with which it ended."""

    def __init__(self, token: str = "", query: str = "", application: Any = transfer, cookie: str = "") -> None:
        headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
        if token:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if cookie:
            headers.append((b"cookie", f"sessionid={cookie}".encode()))
        path = "/ws/v1/transfer"
        scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "headers": headers}
        self._scope = {**scope, "query_string": query.encode(), "subprotocols": []}
        self._application = application
        self._in: asyncio.Queue[Message] = asyncio.Queue()
        self._out: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.got = 0

    async def begin(self) -> None:
        self._in.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._application(self._scope, self._in.get, self._out.put))
        assert (await self._next())["type"] == "websocket.accept"

    async def end(self) -> None:
        """The client vanishes."""
        assert self._task is not None
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await asyncio.wait_for(self._task, PATIENCE)
        await sync_to_async(connections.close_all)()  # of the thread in which Channels reads sessions

    def say(self, op: str, **members: Any) -> None:
        self.text(json.dumps({"op": op, **members}))

    def text(self, text: str) -> None:
        self.event({"text": text})

    def send(self, content: bytes, op: str, **members: Any) -> None:
        self.binary(frames.head(op=op, **members) + content)

    def binary(self, frame: bytes) -> None:
        self.event({"bytes": frame})

    def event(self, event: Message) -> None:
        self._in.put_nowait({"type": "websocket.receive", **event})

    async def hear(self, op: str) -> Message:
        """The next message but `got`, which must be of this kind; of a frame with content, that is its `content`."""
        message = await self.next()
        assert message["op"] == op, message
        return message

    async def next(self) -> Message:
        while True:
            event = await self._next()
            assert event["type"] == "websocket.send", event
            message = _read(event)
            if message["op"] != "got":
                return message
            self.got += message["bytes"]

    async def closed(self) -> tuple[int, str]:
        while True:
            event = await self._next()
            if event["type"] == "websocket.close":
                return event["code"], event["reason"]

    async def open(self, draft: object) -> Message:
        self.say("open", version=str(draft))
        return await self.hear("opened")

    async def _next(self) -> Message:
        return await asyncio.wait_for(self._out.get(), PATIENCE)


def _read(event: Message) -> Message:
    header, content = frames.read(event)
    return header if content is None else {**header, "content": bytes(content)}


@asynccontextmanager
async def talking(token: str = "", **scope: Any) -> AsyncIterator[Talk]:
    """After `ready`; the client is gone at the end."""
    talk = Talk(token, **scope)
    await talk.begin()
    try:
        await talk.hear("ready")
        yield talk
    finally:
        await talk.end()
