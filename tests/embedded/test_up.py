"""`manage.py up` as a person meets it: starts everything, restarts what dies, stops cleanly, leaves nothing."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.embedded.refusal import refusal
from tests.platform import PARTS, Platform, running_platform

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform") / "var") as platform:
        yield platform


def database_url(platform: Platform) -> str:
    lines = (platform.folder / "servers.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)["DATABASE_URL"]


def test_it_says_where_to_go_and_how_to_sign_in(platform: Platform) -> None:
    assert platform.is_ready
    assert f"http://localhost:{platform.port}: sign in as demo@example.com with password demo" in platform.said


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_comes_back(platform: Platform, part: str) -> None:
    before = {process.pid for process in platform.parts(part)}
    platform.kill(part)
    platform.wait_until(lambda: len({process.pid for process in platform.parts(part)} - before) == len(before))
    platform.wait_until(lambda: platform.is_ready)


def test_passwords_are_for_their_owner_only(platform: Platform) -> None:
    for name in ("servers.env", "secret_key", "postgres/password", "valkey/password", "valkey/valkey.conf"):
        assert (platform.folder / name).stat().st_mode & 0o777 == 0o600, name


def test_a_command_in_another_terminal_finds_the_servers(platform: Platform) -> None:
    with psycopg.connect(database_url(platform)) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_a_second_supervisor_on_the_same_folder_is_refused(platform: Platform) -> None:
    said = refusal(platform.folder)
    assert f"already runs on {platform.folder} as process {platform.process.pid}" in said


def test_ctrl_c_leaves_no_process_and_a_second_start_has_everything(tmp_path: Path) -> None:
    with running_platform(tmp_path / "var") as first:
        with psycopg.connect(database_url(first)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
        assert first.stop(signal.SIGINT) <= 10
        assert first.process.returncode == 0
    second = Platform(tmp_path / "var")
    assert second.wait_until_ready() <= 10
    with psycopg.connect(database_url(second)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (7,)
    second.stop(signal.SIGTERM)


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with running_platform(tmp_path / "var") as platform:
        platform.stop(signal.SIGKILL)


def test_ctrl_c_works_while_it_is_still_starting(tmp_path: Path) -> None:
    platform = Platform(tmp_path / "var")
    platform.wait_until(lambda: "ready to accept connections" in platform.said)
    platform.stop(signal.SIGINT)
