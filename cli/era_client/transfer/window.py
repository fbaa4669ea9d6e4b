"""How many bytes may be on their way: taken before sending, given back as the server says that it got them."""

import asyncio


class Window:
    def __init__(self, size: int) -> None:
        self._free = size
        self._more = asyncio.Event()
        self._turn = asyncio.Lock()

    async def take(self, size: int) -> None:
        """In the order of asking, so that large pieces get their turn."""
        async with self._turn:
            while self._free < size:
                self._more.clear()
                await self._more.wait()
            self._free -= size

    def give(self, size: int) -> None:
        self._free += size
        self._more.set()
