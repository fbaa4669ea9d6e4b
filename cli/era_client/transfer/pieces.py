"""The pieces of a large file: one is read, and hashed, while the one before is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from era_client.transfer.sources import Large

AT_ONCE = 2 * 1024 * 1024


@asynccontextmanager
async def opened(large: Large, offset: int) -> AsyncIterator["Pieces"]:
    """From `offset` on. Raises Changed, OSError. No thread reads any more when this ends, however it does."""
    source = await asyncio.to_thread(large.open)
    pieces = Pieces(large, source, offset)
    try:
        yield pieces
    finally:
        if pieces.reading:
            await asyncio.wait([pieces.reading])
        source.close()


class Pieces:
    def __init__(self, large: Large, source: BinaryIO, offset: int) -> None:
        self._large, self._source, self._offset = large, source, offset
        self.reading: asyncio.Future[bytes] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._begin()
        while self.reading:
            content = await self.reading
            self._offset += len(content)
            self._begin()
            yield content

    def _begin(self) -> None:
        if self._offset == self._large.file.size:
            self.reading = None
        else:
            self.reading = asyncio.get_running_loop().run_in_executor(None, self._read, self._offset)

    def _read(self, offset: int) -> bytes:
        self._large.catch_up(self._source, offset)
        return self._large.read(self._source, offset, AT_ONCE)
