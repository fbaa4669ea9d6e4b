"""Puts files that have come whole into the draft, many at once, and tells the client when they are there for good."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from accounts.models import User
from datasets.models import Version
from datasets.services import files
from datasets.services.files import Arrived
from datasets.transfer.limits import BATCH_BYTES, BATCH_FILES
from datasets.transfer.outbox import Outbox
from datasets.transfer.threads import Jobs
from datasets.transfer.writing import Large
from era_platform.common.errors import InvalidInput, Problem

GATHER = 0.02
"""Seconds for which a batch waits for more while more is coming."""


class Whole(NamedTuple):
    number: int
    arrived: Arrived
    large: Large | None


class Storing:
    """Of one connection. `waiting` files have come and are not stored yet."""

    def __init__(self, actor: User, outbox: Outbox, jobs: Jobs) -> None:
        self._actor, self._outbox, self._jobs = actor, outbox, jobs
        self._queue: deque[Whole] = deque()
        self._taken: list[Whole] = []
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        self.draft: Version | None = None
        self.stored = 0

    def advance(self) -> None:
        """Who waits for room may look again."""
        self._progress.set()

    async def progress(self) -> None:
        """Wait until there may be room for more."""
        self._progress.clear()
        await self._progress.wait()

    @property
    def waiting(self) -> int:
        return len(self._queue) + len(self._taken)

    def hand_over(self, number: int, arrived: Arrived, large: Large | None) -> None:
        self._queue.append(Whole(number, arrived, large))
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                if len(self._queue) < BATCH_FILES:
                    await asyncio.sleep(GATHER)
                await self._store()

    def drop(self) -> None:
        """Nobody waits for these any more. Large files are kept."""
        for one in [*self._queue, *self._taken]:
            if one.large is None:
                one.arrived.part.unlink(missing_ok=True)
            else:
                one.large.part.close()

    async def _store(self) -> None:
        assert self.draft is not None
        self._taken = self._batch()
        arrived = [one.arrived for one in self._taken]
        problems: list[Problem | None]
        try:
            problems = await self._jobs.in_database(add, self._actor, self.draft, arrived)
        except Problem as error:
            problems = [error] * len(arrived)
        results = list(zip(self._taken, problems, strict=True))
        self._taken = []
        self._tell([one for one, problem in results if problem is None])
        for one, problem in results:
            self._over(one, problem)
        self.advance()

    def _tell(self, stored: Sequence[Whole]) -> None:
        if stored:
            self.stored += len(stored)
            self._outbox.say(
                "stored", ids=[one.number for one in stored], sha256=[one.arrived.digest for one in stored]
            )

    def _over(self, one: Whole, problem: Problem | None) -> None:
        if problem:
            self._outbox.fail(one.number, problem)
            if one.large is None or isinstance(problem, InvalidInput):
                one.arrived.part.unlink(missing_ok=True)
        if one.large:
            one.large.part.close()

    def _batch(self) -> list[Whole]:
        batch: list[Whole] = []
        size = 0
        while self._queue and len(batch) < BATCH_FILES and (not batch or size < BATCH_BYTES):
            batch.append(self._queue.popleft())
            size += batch[-1].arrived.size
        return batch


def add(actor: User, draft: Version, arrived: Sequence[Arrived]) -> list[Problem | None]:
    """What is wrong with each, None where it is stored. All at once where nothing is wrong with any."""
    try:
        files.add(actor=actor, version=draft, files=arrived)
    except Problem as problem:
        if len(arrived) > 1:
            half = len(arrived) // 2
            return add(actor, draft, arrived[:half]) + add(actor, draft, arrived[half:])
        return [problem]
    return [None] * len(arrived)
