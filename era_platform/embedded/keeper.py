"""Keeps one program running until it is told to stop it."""

import asyncio
import time
from collections.abc import Callable

from era_platform.embedded.backoff import Backoff
from era_platform.embedded.child import Child, how
from era_platform.embedded.console import Console
from era_platform.embedded.errors import CannotStart
from era_platform.embedded.program import Program

POLL = 0.05
DEATHS_BEFORE_READY = 5


class Keeper:
    def __init__(self, program: Program, console: Console) -> None:
        self.program = program
        self._console = console
        self._stopping = asyncio.Event()
        self._patience = 0.0
        self._deaths = 0
        self._task = asyncio.create_task(self._keep(), name=program.name)

    async def until(self, is_ready: Callable[[], bool], within: float) -> None:
        """Wait until `is_ready`; CannotStart when the program keeps dying or `within` seconds have passed."""
        deadline = time.monotonic() + within
        while not await asyncio.to_thread(is_ready):
            if self._deaths >= DEATHS_BEFORE_READY or time.monotonic() > deadline:
                raise CannotStart(f"{self.program.name} does not come up: its last lines above say why")
            await asyncio.sleep(POLL)

    async def stop(self, patience: float) -> None:
        """Stop the program, by force after `patience` seconds."""
        self._patience = patience
        self._stopping.set()
        await self._task

    async def _keep(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once()
            if not self._stopping.is_set():
                self._deaths += 1
                await self._pause(code, backoff.after_run_of(time.monotonic() - started))

    async def _run_once(self) -> int:
        child = await Child.start(self.program, self._console)
        ended = asyncio.create_task(child.ended())
        asked = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not ended.done():
            await child.stop(self._patience)
        return await ended

    async def _pause(self, code: int, seconds: float) -> None:
        self._console.say(f"{self.program.name} ended {how(code)}; it starts again in {seconds:g} s")
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
