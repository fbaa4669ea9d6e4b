"""A whole platform of its own, as `make run` starts it: for tests that go through its front door or kill its parts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from era_platform.embedded.ports import free_port

PROJECT = Path(__file__).resolve().parent.parent
NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "ERA_DATA_DIR",
    "ERA_STORAGE_ROOT",
    "DJANGO_SETTINGS_MODULE",
    "PROMETHEUS_MULTIPROC_DIR",
)
READY_WITHIN = 120.0
STOPPED_WITHIN = 30.0

T = TypeVar("T")


def eventually(look: Callable[[], T], *, within: float = 30.0, what: str = "", every: float = 0.05) -> T:
    """What `look` gives, as soon as that is true. AssertionError when `within` (generous) has passed."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {within} s: {what or look}"
        time.sleep(every)
    return seen


@dataclass
class Platform:
    """One that runs. Its own log is in `folder / "console"`."""

    folder: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")

    def manage(self, *words: str) -> str:
        """What a command of manage.py prints."""
        command = [sys.executable, str(PROJECT / "manage.py"), *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout.strip()

    def client(self, *, user: str = "demo@example.com", org: str = "demo") -> httpx.Client:
        """A client of the API that speaks for `user` in `org`."""
        token = self.manage("create_token", "--user", user, "--org", org)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"{self.url}/api/v1/", headers=headers, timeout=60)

    def processes(self, *words: str) -> list[psutil.Process]:
        """Its processes whose command line holds all of `words`; jobs are not among them."""
        top = psutil.Process(self.process.pid)
        return [found for found in top.children(recursive=True) if _says(found, words)]

    def kill(self, *words: str) -> None:
        """`kill -9` of the oldest process that `words` name."""
        found = eventually(lambda: self.processes(*words), what=f"a process of {words}")
        min(found, key=lambda process: process.create_time()).kill()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOPPED_WITHIN)


@contextmanager
def running_platform(folder: Path, **environment: str) -> Iterator[Platform]:
    """A platform on the data in `folder`, ready; stopped when the block ends, whatever happened in it."""
    platform = start_platform(folder, **environment)
    try:
        wait_until_ready(platform)
        yield platform
    finally:
        platform.stop()


def start_platform(folder: Path, **environment: str) -> Platform:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    own = {"ERA_DATA_DIR": str(folder), "ERA_PORT": str(port)}
    whole = {**inherited, **own, **environment}
    with (folder / "console").open("ab") as console:
        command = [sys.executable, str(PROJECT / "manage.py"), "up"]
        process = subprocess.Popen(command, env=whole, stdout=console, stderr=console, stdin=subprocess.DEVNULL)
    return Platform(folder, port, whole, process)


def wait_until_ready(platform: Platform) -> None:
    def looked() -> bool:
        assert platform.process.poll() is None, f"it ended:\n{platform.console[-4000:]}"
        return platform.is_ready()

    eventually(looked, within=READY_WITHIN, what="readyz", every=0.2)


@contextmanager
def database(platform: Platform) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Looks into its database from outside: a function from a query to rows."""
    kept = dict(line.split("=", 1) for line in (platform.folder / "servers.env").read_text().splitlines())
    with psycopg.connect(kept["DATABASE_URL"], row_factory=dict_row) as connection:
        yield lambda query: connection.execute(query.encode()).fetchall()


def a_request(**fields: Any) -> dict[str, Any]:
    """A request for a job that says hello, of one unit for a minute within the next hour, worth 10 credits."""
    return {
        "pool": "local",
        "name": "hello",
        "image": "host",
        "command": ["echo", "hello"],
        "units": 1,
        "duration": 60,
        "deadline": in_future(hours=1),
        "value": "10",
    } | fields


def in_future(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def _says(process: psutil.Process, words: tuple[str, ...]) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return all(word in line for word in words)
