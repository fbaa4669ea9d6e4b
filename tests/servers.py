"""A real PostgreSQL and a real Valkey for one run of the tests, from the code that `make run` uses.

Loaded by pytest before Django reads its settings (`-p tests.servers` in pyproject.toml). The workers
of pytest-xdist share the servers of the process that started them. `python -m tests.servers manage.py …`
runs one command of Django's on such servers.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from era_platform.embedded.account import Account, server_account
from era_platform.embedded.ports import free_port
from era_platform.embedded.postgres import Postgres
from era_platform.embedded.valkey import Valkey

Server = Postgres | Valkey
VARIABLES = ("DATABASE_URL", "REDIS_URL")
METRICS = "PROMETHEUS_MULTIPROC_DIR"
running = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    if not all(os.environ.get(variable) for variable in VARIABLES):
        os.environ.update(running.enter_context(servers_for_tests()))
    worker, data = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("ERA_DATA_DIR")
    if worker and data:  # what another worker's tests count is not to be seen here
        os.environ[METRICS] = str(Path(data) / f"metrics-{worker}")
    yield


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    running.close()


@contextmanager
def servers_for_tests() -> Iterator[dict[str, str]]:
    """Two servers in a scratch folder, as environment variables; gone when the context ends."""
    folder = Path(tempfile.mkdtemp(prefix="era-tests-"))
    account = server_account()
    try:
        with (
            running_postgres(folder / "postgres", account) as postgres,
            running_valkey(folder / "valkey", account) as valkey,
        ):
            yield {"ERA_DATA_DIR": str(folder), "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_postgres(folder: Path, account: Account | None) -> Iterator[Postgres]:
    server = Postgres(folder, free_port(), account, durable=False)
    with _running(server):
        yield server


@contextmanager
def running_valkey(folder: Path, account: Account | None) -> Iterator[Valkey]:
    server = Valkey(folder, free_port(), account)
    with _running(server):
        yield server


@contextmanager
def _running(server: Server) -> Iterator[None]:
    server.prepare()
    program = server.program()
    log = server.folder / "log"
    with log.open("w") as output:
        # Its own session: Ctrl-C on pytest must not reach the servers before pytest has ended.
        process = subprocess.Popen(
            program.arguments, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        _wait_until_ready(server, process, log)
        yield
    finally:
        process.send_signal(program.stop_signal)
        process.wait(20)


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.exit(f"{server.program().name} did not start:\n{log.read_text()}", returncode=3)
        time.sleep(0.02)


if __name__ == "__main__":
    with servers_for_tests() as variables:
        settings = {"DJANGO_SETTINGS_MODULE": "era_platform.settings.testing", **variables}
        done = subprocess.run([sys.executable, *sys.argv[1:]], env={**os.environ, **settings}, check=False)
    sys.exit(done.returncode)
