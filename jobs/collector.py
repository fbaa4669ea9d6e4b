"""Follows running jobs: announces growth of their logs, notices starts and ends at once, takes samples.

Looks at the sizes of files, many times a second, for only that works on every storage: notices of
changes (inotify) don't cross a network mount. Carries no data and keeps nothing that it can't find again,
so it may die at any time; beat's observe and the readers' own second looks cover for it meanwhile.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection, connections
from django_scopes import scopes_disabled

from era_platform.common import clock, heartbeat, metrics
from era_platform.common.locks import advisory_lock
from jobs.engines import engine
from jobs.engines.base import EngineError
from jobs.models import Attempt, Sample
from jobs.selectors import agents
from jobs.services import announce, instances, observe
from jobs.states import State

LOOK, REFRESH, STORE, SAMPLE, SIGN_OF_LIFE, OBSERVE_AGAIN = 0.05, 0.25, 2.0, 10.0, 2.0, 1.0
"""Seconds between: looks at files, looks into the database, …"""
STANDBY = 1.0
THREADS = 4

log = structlog.get_logger(__name__)


@dataclass
class Followed:
    """An attempt whose instance may be alive, and what is known of its files."""

    id: int
    job_id: UUID
    organization_id: int
    number: int
    instance: str
    starting: bool
    folder: Path
    size: int = 0
    stored: int = 0
    observed_at: float = field(default=float("-inf"))


class Collector:
    """`run` returns when `stop` is set. Of several collectors one works and the others stand by."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._followed: dict[int, Followed] = {}
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="collector")
        self._sampling: Future[None] | None = None

    def run(self) -> None:
        signs = Every(SIGN_OF_LIFE, lambda: heartbeat.alive("collector"))
        while not self._stop.is_set():
            signs.turn()
            try:
                with advisory_lock("jobs.collector") as mine:
                    if mine:
                        self._work(signs)
            except (DatabaseError, InterfaceError) as error:
                log.warning("database_gone", error=str(error).strip())
                connection.close()
            self._stop.wait(STANDBY)
        self._executor.shutdown(cancel_futures=True)

    def _work(self, signs: "Every") -> None:
        """Until told to stop, or until the database connection, and the lock with it, is gone."""
        log.info("collecting")
        slow = [Every(REFRESH, self.refresh), Every(STORE, self.store), Every(SAMPLE, self._sample), signs]
        while not self._stop.wait(LOOK):
            for action in slow:
                action.turn()
            self.look()

    def refresh(self) -> None:
        """Learn from the database whom to follow."""
        live: dict[int, Followed] = {}
        with scopes_disabled():
            for attempt in Attempt.objects.filter(ended_at=None).select_related("job"):
                known = self._followed.get(attempt.pk) or _follow(attempt)
                known.starting = attempt.job.state == State.STARTING
                live[attempt.pk] = known
        for gone in self._followed.keys() - live.keys():
            self._note_growth(self._followed[gone])
        self._followed = live

    def look(self) -> None:
        """Look at everybody's files once."""
        for attempt in list(self._followed.values()):
            self._note_growth(attempt)
            if (attempt.folder / "exit").exists() or (attempt.starting and (attempt.folder / "started").exists()):
                self._observe(attempt)

    def store(self) -> None:
        """Keep the logs' sizes, for whoever lists them."""
        for attempt in self._followed.values():
            if attempt.size != attempt.stored:
                with scopes_disabled():
                    Attempt.objects.filter(pk=attempt.id, ended_at=None).update(log_size=attempt.size)
                attempt.stored = attempt.size

    def sample(self) -> None:
        """Write down what each running instance uses now, unless agents do it where the instances are."""
        if agents.at_work().exists():
            return
        samples = [found for attempt in list(self._followed.values()) if (found := _sample_of(attempt))]
        with scopes_disabled():
            Sample.objects.bulk_create(samples)

    def _note_growth(self, attempt: Followed) -> None:
        try:
            status = (attempt.folder / "log").stat()
        except FileNotFoundError:
            return
        if status.st_size > attempt.size:
            attempt.size = status.st_size
            announce.log_grew(attempt.job_id)
            metrics.LOG_LAG.observe(max(clock.timestamp() - status.st_mtime, 0))

    def _observe(self, attempt: Followed) -> None:
        if time.monotonic() - attempt.observed_at > OBSERVE_AGAIN:
            attempt.observed_at = time.monotonic()
            self._submit(lambda: observe.observe(attempt.job_id))

    def _sample(self) -> None:
        if self._sampling is None or self._sampling.done():
            self._sampling = self._submit(self.sample)

    def _submit(self, work: Callable[[], None]) -> "Future[None]":
        future = self._executor.submit(copy_context().run, _with_connection, work)
        future.add_done_callback(_report)
        return future


class Every:
    """Does something when it is time, and not more often."""

    def __init__(self, seconds: float, action: Callable[[], None]) -> None:
        self._seconds, self._action, self._next = seconds, action, float("-inf")

    def turn(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            self._action()


def _follow(attempt: Attempt) -> Followed:
    # From 0 rather than from the size last stored: what grew while nobody followed is announced now.
    return Followed(
        id=attempt.pk,
        job_id=attempt.job_id,
        organization_id=attempt.organization_id,
        number=attempt.number,
        instance=attempt.instance,
        starting=True,
        folder=instances.folder_of(attempt),
        stored=attempt.log_size,
    )


def _sample_of(attempt: Followed) -> Sample | None:
    try:
        usage = engine().sample(attempt.instance, attempt.folder)
    except (EngineError, OSError) as error:
        log.warning("sample_failed", job=str(attempt.job_id), error=str(error))
        return None
    if usage is None:
        return None
    return Sample(
        organization_id=attempt.organization_id,
        job_id=attempt.job_id,
        attempt=attempt.number,
        node=usage.node[:255],
        at=clock.now(),
        cpu_seconds=usage.cpu_seconds,
        memory_bytes=usage.memory_bytes,
    )


def _with_connection(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()  # this thread's; one that died with the database must not be used again


def _report(future: "Future[None]") -> None:
    error = None if future.cancelled() else future.exception()
    if error:
        log.error("work_failed", work="collector", exc_info=error)
