"""Tries again for as long as it makes sense: while bytes go through, and for some time after the last that did."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from era_client.transfer.link import Broken
from era_client.transfer.words import OnProgress, Progress, TransferError

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
TOLD_EVERY = 0.1


class Course:
    """How a transfer goes: what it has come to, who is told, and when something last went through."""

    def __init__(self, on_progress: OnProgress | None, patience: float) -> None:
        self.progress = Progress()
        self._on_progress, self._patience = on_progress, patience
        self._moved, self._told = time.monotonic(), 0.0
        self.began = time.monotonic()

    def moved(self) -> None:
        """Something went through."""
        self._moved = time.monotonic()
        self.tell()

    def tell(self, *, at_once: bool = False) -> None:
        if self._on_progress and (at_once or time.monotonic() - self._told > TOLD_EVERY):
            self._told = time.monotonic()
            self._on_progress(self.progress)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def out_of_patience(self) -> bool:
        return time.monotonic() - self._moved > self._patience

    @property
    def last_moved(self) -> float:
        return self._moved


async def until_done(attempt: Callable[[], Awaitable[bool]], course: Course) -> None:
    """Call `attempt` until it says that all is done. Raises TransferError when patience ends."""
    wait = FIRST_WAIT
    while True:
        before = course.last_moved
        try:
            if await attempt():
                return
            reason = "the server can't take more at the moment"
        except Broken as broken:
            course.progress.breaks += 1
            reason = str(broken)
        if course.out_of_patience:
            raise TransferError("network", f"Gave up: {reason}.")
        wait = FIRST_WAIT if course.last_moved > before else min(wait * 2, LONGEST_WAIT)
        await asyncio.sleep(wait * random.uniform(0.7, 1.0))
