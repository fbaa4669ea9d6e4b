"""What the server says: in order, without waiting for the client, which may read or not."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from datasets.transfer import frames
from datasets.transfer.limits import UNSAID
from era_platform.common.errors import Problem

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Closed(Exception):
    """The connection ends, with this code and reason."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Outbox:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._texts: deque[str] = deque()
        self._got = 0
        self._wake = asyncio.Event()

    def say(self, op: str, **members: Any) -> None:
        self._texts.append(frames.text(op=op, **members))
        self._wake.set()

    def fail(self, number: int | None, problem: Problem) -> None:
        named = {} if number is None else {"id": number}
        offset = {name: problem.extra[name] for name in ("offset",) if name in problem.extra}
        self.say("failed", **named, code=problem.code, detail=str(problem.detail), **offset)

    def got(self, size: int) -> None:
        """Content that was taken; told in one with what else was taken by the time it is said."""
        if size:
            self._got += size
            self._wake.set()

    async def content(self, frame: bytes | bytearray) -> None:
        """Waits until the client has taken most of what was sent before."""
        await self._send({"type": "websocket.send", "bytes": frame})

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._got or self._texts:
                if self._got:
                    got, self._got = self._got, 0
                    await self._say(frames.text(op="got", bytes=got))
                elif len(self._texts) > UNSAID:
                    raise Closed(1011, "answers are not read")
                else:
                    await self._say(self._texts.popleft())

    async def _say(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})
