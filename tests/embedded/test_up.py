"""`manage.py up` as a person meets it: starts everything, restarts what dies, stops cleanly, leaves nothing."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.embedded.refusal import refusal
from tests.embedded.whole import PARTS, belongings, end, parts
from tests.platform import Platform, database, eventually, running_platform, start_platform

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform") / "var") as platform:
        yield platform


def database_url(platform: Platform) -> str:
    lines = (platform.folder / "servers.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)["DATABASE_URL"]


def crowding() -> float:
    """How much longer than alone on the machine something takes now, with so many others at work on it."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_it_says_where_to_go_and_how_to_sign_in(platform: Platform) -> None:
    line = f"http://localhost:{platform.port}: sign in as demo@example.com with password demo"
    eventually(lambda: line in platform.console)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_comes_back(platform: Platform, part: str) -> None:
    before = parts(platform, part)
    for process in before:
        process.kill()
    eventually(lambda: len(parts(platform, part) - before) == len(before) > 0)
    eventually(platform.is_ready, within=60)


def test_passwords_are_for_their_owner_only(platform: Platform) -> None:
    for name in ("servers.env", "secret_key", "postgres/password", "valkey/password", "valkey/valkey.conf"):
        assert (platform.folder / name).stat().st_mode & 0o777 == 0o600, name


def test_what_is_acknowledged_is_on_disk(platform: Platform) -> None:
    with database(platform) as query:
        assert query("SHOW fsync") == [{"fsync": "on"}]


def test_the_portal_is_not_the_databases_superuser(platform: Platform) -> None:
    with database(platform) as query:
        assert query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [{"rolsuper": False}]


def test_a_second_supervisor_on_the_same_folder_is_refused(platform: Platform) -> None:
    said = refusal(platform.folder)
    assert f"already runs on {platform.folder} as process {platform.process.pid}" in said


def test_ctrl_c_leaves_no_process_and_a_second_start_has_everything(tmp_path: Path) -> None:
    with running_platform(tmp_path / "var") as first:
        with psycopg.connect(database_url(first)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
        assert len(belongings(first)) > len(PARTS)
        assert end(first, signal.SIGINT) <= 10
        assert first.process.returncode == 0
    began = time.monotonic()
    with running_platform(tmp_path / "var") as second, database(second) as query:
        assert time.monotonic() - began <= 10 * crowding()
        assert query("SELECT answer FROM kept") == [{"answer": 7}]


def test_nothing_outlives_a_supervisor_that_is_killed_and_the_next_one_starts_at_once(tmp_path: Path) -> None:
    with running_platform(tmp_path / "var") as first:
        before = belongings(first)
        first.process.kill()
        first.process.wait()
        with running_platform(tmp_path / "var"):
            eventually(lambda: not any(process.is_running() for process in before), within=10)


def test_ctrl_c_works_while_it_is_still_starting(tmp_path: Path) -> None:
    platform = start_platform(tmp_path / "var")
    eventually(lambda: "ready to accept connections" in platform.console)
    assert end(platform, signal.SIGINT) <= 10
