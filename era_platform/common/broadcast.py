"""Tells WebSocket consumers in all web processes that something changed, from code that isn't asynchronous.

A message is a wake-up and may be lost; whoever waits for one looks for itself now and then. So the
caller never waits: a thread with an event loop of its own sends, in the order of the calls.
"""

import asyncio
import os
import threading
from functools import cache
from typing import Any

import structlog
from channels.layers import get_channel_layer

MOST_WAITING = 1_000
PATIENCE = 5.0

log = structlog.get_logger(__name__)


def send(group: str, message: dict[str, Any]) -> None:
    """Send `message` to everybody in `group`, soon."""
    _sender(os.getpid()).send(group, message)


@cache
def _sender(process: int) -> "_Sender":
    # One for each process: a thread doesn't come along when a process forks.
    return _Sender()


class _Sender:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._waiting = 0
        self._failing = False
        threading.Thread(target=self._loop.run_forever, name="broadcast", daemon=True).start()

    def send(self, group: str, message: dict[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._begin, group, message)

    def _begin(self, group: str, message: dict[str, Any]) -> None:
        if self._waiting >= MOST_WAITING:
            return
        self._waiting += 1
        task = self._loop.create_task(asyncio.wait_for(get_channel_layer().group_send(group, message), PATIENCE))
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._waiting -= 1
        error = task.exception()
        if bool(error) != self._failing:  # say it when it begins and when it ends, not a thousand times between
            self._failing = bool(error)
            log.warning("broadcast_failing" if error else "broadcast_works_again", error=repr(error))
