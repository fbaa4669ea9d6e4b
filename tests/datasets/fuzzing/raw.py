"""Calls made as bytes to a running server. Needs no Django."""

import asyncio

from tests.datasets.fuzzing.answers import PATIENCE, Answer
from tests.datasets.fuzzing.calls import Call


class Raw:
    """One connection to a server, kept while it keeps it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, call: Call) -> Answer:
        """Status 0 where the server ended the connection without a word, as it may where what came is no HTTP."""
        for attempt in range(2):
            is_new = self._streams is None
            reader, writer = self._streams or await asyncio.open_connection(self._host, self._port)
            self._streams = reader, writer
            try:
                writer.write(_bytes(call))
                await writer.drain()
                return await asyncio.wait_for(self._read(reader, call.method), PATIENCE)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.close()
                if is_new or attempt:
                    return Answer()
        return Answer()

    async def _read(self, reader: asyncio.StreamReader, method: str) -> Answer:
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        while lines[0].split()[1] == b"100":  # it was asked whether it would go on; the answer follows
            lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])
        }
        answer = Answer(int(lines[0].split()[1]), headers.get(b"content-type", b"").decode("latin-1"))
        if method == "HEAD" or answer.status in (204, 304):
            pass
        elif headers.get(b"transfer-encoding") == b"chunked":
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                answer.take(await reader.readexactly(size))
                await reader.readexactly(2)
            await reader.readexactly(2)
        else:
            left = int(headers.get(b"content-length", b"0"))
            while left:
                piece = await reader.read(min(left, 2**20))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", left)
                answer.take(piece)
                left -= len(piece)
        if headers.get(b"connection", b"").lower() == b"close":
            await self.close()
        return answer

    async def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


def _bytes(call: Call) -> bytes:
    sent = {name for name, _value in call.headers}
    lines = [call.method.encode() + b" " + call.target + b" HTTP/1.1", b"host: localhost"]
    lines += [name + b": " + value for name, value in call.headers]
    if b"content-length" not in sent and b"transfer-encoding" not in sent:
        lines.append(b"content-length: %d" % len(call.body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + call.body
