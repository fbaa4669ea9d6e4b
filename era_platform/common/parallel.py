"""Does many slow things at once, each in a thread, without one slow thing holding up what comes later."""

import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

import structlog
from django.db import connections

LOOK_AGAIN = 0.25
"""Seconds until new work is looked for while earlier work is still under way."""

Key = TypeVar("Key", bound=Hashable)

log = structlog.get_logger(__name__)


def drain(find: Callable[[], Iterable[Key]], work: Callable[[Key], object], *, threads: int, seconds: float) -> int:
    """Call `work` on everything that `find` gives, each once; returns how many. Ends when nothing is left.

    While something is under way `find` is asked again, until `seconds` have passed. What goes wrong
    with one is logged and leaves the others alone.
    """
    deadline = time.monotonic() + seconds
    seen: set[Key] = set()
    under_way: dict[Future[None], Key] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix=work.__name__) as executor:
        while True:
            for key in find() if time.monotonic() < deadline else ():
                if key not in seen:
                    seen.add(key)
                    under_way[executor.submit(copy_context().run, _alone, work, key)] = key
            if not under_way:
                return len(seen)
            for future in wait(under_way, LOOK_AGAIN, FIRST_COMPLETED).done:
                _report(work.__name__, under_way.pop(future), future)


def _alone(work: Callable[[Key], object], key: Key) -> None:
    try:
        work(key)
    finally:
        connections.close_all()  # they belong to this thread, which nobody will come back to


def _report(name: str, key: Hashable, future: Future[None]) -> None:
    error = future.exception()
    if error:
        log.error("work_failed", work=name, key=str(key), exc_info=error)
