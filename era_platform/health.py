"""Whether this process is alive (healthz), and whether all parts that the platform needs are there (readyz)."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from era_platform.common import heartbeat, storage

SILENT_SECONDS = 15
KEPT_SECONDS = 1.0
MEBIBYTE = 1024 * 1024

Report = dict[str, str]
"""Part to "ok" or to what is wrong with it."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    parts = kept.report()
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503)


def report() -> Report:
    database = _database()
    return {
        "database": database,
        "migrations": _migrations() if database == "ok" else "unknown",
        "storage": _storage(),
        **_broker_and_processes(),
    }


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"does not answer: {type(error).__name__}"
    return "ok"


def _migrations() -> str:
    try:
        waiting = _waiting_migrations()
    except StillWaiting as found:
        return f"not applied: {found}"
    return waiting


class StillWaiting(Exception):
    """Which migrations are not applied yet. An exception, so that `cache` doesn't keep it."""


@cache
def _waiting_migrations() -> str:
    """ "ok", for good: what is applied to a database under a running process stays applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise StillWaiting(", ".join(str(migration) for migration, _ in plan[:5]))
    return "ok"


def _storage() -> str:
    root = storage.root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"\0")
        free = shutil.disk_usage(root).free
    except OSError as error:
        return f"not writable: {os.strerror(error.errno or 0)}"
    if free < settings.ERA_STORAGE_MIN_FREE_BYTES:
        return f"{free // MEBIBYTE} MiB free, {settings.ERA_STORAGE_MIN_FREE_BYTES // MEBIBYTE} are needed"
    return "ok"


def _broker_and_processes() -> Report:
    try:
        ages = heartbeat.ages()
    except redis.RedisError as error:
        return {"broker": f"does not answer: {type(error).__name__}"} | dict.fromkeys(heartbeat.PARTS, "unknown")
    return {"broker": "ok"} | {part: _sign_of_life(age) for part, age in ages.items()}


def _sign_of_life(age: float | None) -> str:
    if age is None:
        return "gave no sign of life"
    return "ok" if age < SILENT_SECONDS else f"silent for {age:.0f} s"


class KeptReport:
    """Keeps a report for a second: however many ask, the parts are asked once."""

    def __init__(self, make: Callable[[], Report]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._until = 0.0
        self._report: Report = {}

    def report(self) -> Report:
        with self._lock:
            if time.monotonic() >= self._until:
                self._report = self._make()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._report


kept = KeptReport(report)
