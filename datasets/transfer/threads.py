"""The threads in which transfers wait for the disk and the database, so that the event loop never does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from datasets.transfer.parts import Unavailable, as_problem

DISK, DATABASE = 8, 4
"""Threads of each kind in one process, for all its connections."""

log = structlog.get_logger(__name__)

P = ParamSpec("P")
Result = TypeVar("Result")

_disk = ThreadPoolExecutor(DISK, thread_name_prefix="transfer")
_database = ThreadPoolExecutor(DATABASE, thread_name_prefix="transfer-database")


class Jobs:
    """What one connection has under way in threads: it must have ended before files are closed."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()

    async def on_disk(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        return await self._run(_disk, lambda: work(*args, **kwargs))

    async def in_database(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        return await self._run(_database, lambda: _and_give_back(lambda: work(*args, **kwargs)))

    async def ended(self) -> None:
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        running = asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work)
        self._running.add(running)
        running.add_done_callback(self._over)
        # A thread can't be stopped: who waits here is, and the thread goes on.
        return await asyncio.shield(running)

    def _over(self, done: asyncio.Future[Any]) -> None:
        self._running.discard(done)
        if not done.cancelled():
            done.exception()  # where nobody waits any more, nobody has to hear of it


def _and_give_back(work: Callable[[], Result]) -> Result:
    """Raises Unavailable where the database or the storage doesn't answer."""
    try:
        return work()
    except DatabaseError as error:
        log.warning("transfer_without_database", error=str(error).strip())
        raise Unavailable(_("The database does not answer; try again.")) from error
    except OSError as error:
        raise as_problem(error) from error
    finally:
        connections.close_all()  # back into the pool
