"""The agent of a node: one on each, it gets images ready there and samples what runs there.

It holds a lock in the database that names its node: a second one on the same node stands by. It keeps nothing that it
can't find again, so it may die at any time.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Event
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection, connections

from era_platform.common import heartbeat
from era_platform.common.locks import advisory_lock
from jobs.collector import Every
from jobs.engines.base import EngineError
from jobs.engines.node import NodeDocker
from jobs.services import node_agent

LOOK, REPORT, STAGE, SAMPLE = 0.25, 5.0, 2.0, 10.0
"""Seconds between: looks whether it is time for one of the others; …"""
STANDBY = 1.0
THREADS = 4

log = structlog.get_logger(__name__)


class NodeAgent:
    """`run` returns when `stop` is set. Of several agents of a node one works and the others stand by."""

    def __init__(self, stop: Event, docker: NodeDocker) -> None:
        self._stop, self._docker = stop, docker
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="agent")
        self._staging: dict[UUID, Future[None]] = {}
        self._sampling: Future[None] | None = None

    def run(self) -> None:
        while not self._stop.is_set():
            heartbeat.touch()
            try:
                node = self._docker.name()
                with advisory_lock(f"jobs.agent.{node}") as mine:
                    if mine:
                        self._work(node)
            except EngineError as error:
                log.warning("docker_silent", error=str(error))
            except (DatabaseError, InterfaceError) as error:
                log.warning("database_gone", error=str(error).strip())
                connection.close()
            self._stop.wait(STANDBY)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _work(self, node: str) -> None:
        """Until told to stop, or until the database connection, and the lock with it, is gone."""
        log.info("agent_works", node=node)
        node_agent.begin(node)
        actions = [
            Every(REPORT, heartbeat.touch),
            Every(REPORT, lambda: node_agent.report(node, self._docker)),
            Every(STAGE, lambda: self._stage(node)),
            Every(SAMPLE, lambda: self._sample(node)),
        ]
        while not self._stop.wait(LOOK):
            for action in actions:
                action.turn()

    def _stage(self, node: str) -> None:
        """Begin with what is due and not under way: a pull may take many minutes."""
        self._staging = {job_id: work for job_id, work in self._staging.items() if not work.done()}
        for job_id in node_agent.due(node):
            if job_id not in self._staging:
                self._staging[job_id] = self._submit(partial(node_agent.get_ready, node, self._docker, job_id))

    def _sample(self, node: str) -> None:
        if self._sampling is None or self._sampling.done():
            self._sampling = self._submit(partial(node_agent.sample, node, self._docker))

    def _submit(self, work: Callable[[], None]) -> "Future[None]":
        future = self._executor.submit(copy_context().run, _with_connection, work)
        future.add_done_callback(_report)
        return future


def _with_connection(work: Callable[[], None]) -> None:
    try:
        work()
    except EngineError as error:
        log.warning("engine_failed", error=str(error))
    finally:
        connections.close_all()  # this thread's


def _report(future: "Future[None]") -> None:
    error = None if future.cancelled() else future.exception()
    if error:
        log.error("work_failed", work="agent", exc_info=error)
