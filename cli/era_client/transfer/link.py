"""One connection to the portal, and the frames on it (docs/transfer.md)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from era_client.transfer.words import Server, TransferError

HEADER = 16 * 1024
LENGTH = 4
LONGEST_FRAME = 8 * 1024 * 1024
OPENED_WITHIN = 30.0
REFUSED = {4401: "unauthenticated", 4404: "not_found", 4400: "protocol", 1007: "protocol", 1009: "protocol"}
"""Close codes after which it makes no sense to try again."""

Message = tuple[dict[str, Any], memoryview]


class Broken(Exception):
    """The connection is gone, or could not be made; another one may do."""


@dataclass
class Link:
    """A connection on which the server has said `ready`."""

    socket: ClientConnection
    frame: int
    chunk: int
    pipeline: int
    _last: int = 0

    def next_id(self) -> int:
        self._last += 1
        return self._last

    async def say(self, op: str, **members: Any) -> None:
        try:
            await self.socket.send(_json(op=op, **members))
        except ConnectionClosed as closed:
            raise ended(closed) from closed

    async def send(self, content: bytes | memoryview, **members: Any) -> None:
        """A frame with content."""
        header = _json(**members).encode()
        try:
            await self.socket.send(b"".join((len(header).to_bytes(LENGTH, "big"), header, content)))
        except ConnectionClosed as closed:
            raise ended(closed) from closed

    async def receive(self) -> Message:
        """The next header, and the content that came with it. Raises Broken or TransferError when it has ended."""
        try:
            message = await self.socket.recv()
        except ConnectionClosed as closed:
            raise ended(closed) from closed
        return _read(message)


@asynccontextmanager
async def linked(server: Server) -> AsyncIterator[Link]:
    """Raises Broken, or TransferError where trying again would not help."""
    try:
        socket = await connect(
            address(server.url),
            ssl=server.ssl,
            additional_headers={"Authorization": f"Bearer {server.token}"},
            compression=None,
            max_size=LONGEST_FRAME,
            open_timeout=OPENED_WITHIN,
            ping_timeout=60,
        )
    except InvalidHandshake as error:
        raise _not_let_in(error) from error
    except (OSError, WebSocketException, TimeoutError) as error:
        raise Broken(f"{server.url} can't be reached: {error}") from error
    async with socket:
        yield await _ready(socket)


async def _ready(socket: ClientConnection) -> Link:
    try:
        header, _content = _read(await socket.recv())
    except ConnectionClosed as closed:
        raise ended(closed) from closed
    if header.get("op") != "ready":
        raise TransferError("protocol", f"The server began with {str(header)[:100]}.")
    return Link(socket, header["frame"], header["chunk"], header["pipeline"])


def address(url: str) -> str:
    """`https://portal` → `wss://portal/ws/v1/transfer`."""
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/ws/v1/transfer", "", ""))


def ended(closed: ConnectionClosed) -> Exception:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "the connection was lost")
    if code in REFUSED:
        return TransferError(REFUSED[code], f"The server ended the connection: {reason or code}.")
    return Broken(f"the connection ended: {reason or code}")


def _not_let_in(error: InvalidHandshake) -> Exception:
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if status in (401, 403, 404):
        return TransferError("protocol", f"There is no portal that takes transfers: it answers {status}.")
    return Broken(f"the portal answers {status or error}")


def _read(message: str | bytes) -> Message:
    if isinstance(message, str):
        return json.loads(message), memoryview(b"")
    frame = memoryview(message)
    length = int.from_bytes(frame[:LENGTH], "big")
    return json.loads(bytes(frame[LENGTH : LENGTH + length])), frame[LENGTH + length :]


def _json(**members: Any) -> str:
    return json.dumps(members, separators=(",", ":"))
