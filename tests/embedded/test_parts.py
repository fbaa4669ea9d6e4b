"""The small parts of the supervisor, each by itself."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from era_platform.embedded.access import let_enter
from era_platform.embedded.account import server_account
from era_platform.embedded.addresses import given_address, keep_addresses, last_port, recall_addresses
from era_platform.embedded.backoff import Backoff
from era_platform.embedded.errors import CannotStart
from era_platform.embedded.folder import check_folder, only_user_of
from era_platform.embedded.ports import free_port, portal_socket
from era_platform.embedded.secret import kept_secret

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
URL = "postgres://era:secret@127.0.0.1:20001/era"


def test_a_program_that_keeps_dying_is_started_ever_more_rarely() -> None:
    backoff = Backoff()
    assert [backoff.after_run_of(1) for _ in range(9)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_after_a_healthy_run_a_program_is_started_at_once() -> None:
    backoff = Backoff(failures=5)
    assert backoff.after_run_of(60) == 0


def test_one_folder_has_one_user_at_a_time(tmp_path: Path) -> None:
    with (
        only_user_of(tmp_path),
        pytest.raises(CannotStart, match=f"already runs on {tmp_path}"),
        only_user_of(tmp_path),
    ):
        pass
    with only_user_of(tmp_path):
        pass


def test_a_missing_data_folder_is_made(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_password_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "server" / "password"
    assert kept_secret(path) == kept_secret(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_free_port_is_the_preferred_one_if_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    assert free_port(preferred=port) == port
    monkeypatch.setenv("ERA_PORT", str(port))
    with portal_socket():
        assert free_port(preferred=port) != port


def test_addresses_are_recalled_unless_others_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_addresses(tmp_path, {"DATABASE_URL": URL})
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/era")
    recall_addresses(tmp_path)
    assert given_address(tmp_path, "DATABASE_URL") == "postgres://elsewhere/era"
    monkeypatch.delenv("DATABASE_URL")
    recall_addresses(tmp_path)
    assert os.environ["DATABASE_URL"] == URL
    assert given_address(tmp_path, "DATABASE_URL") is None
    assert last_port(tmp_path, "DATABASE_URL") == 20001


def test_before_the_first_start_there_are_no_addresses(tmp_path: Path) -> None:
    assert last_port(tmp_path, "DATABASE_URL") is None


@root_only
def test_one_user_is_let_through_a_closed_folder_and_nobody_else(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "home" / "file"
    home.mkdir(mode=0o700)
    file.write_text("open to all who get here")
    account = server_account()
    assert account is not None
    let_enter(file, account.uid)
    let_enter(file, account.uid)
    assert may_read(file, account.uid)
    assert not may_list(home, account.uid)
    assert not may_read(file, account.uid + 1)


def may_read(path: Path, uid: int) -> bool:
    return _as_user(uid, ["cat", str(path)])


def may_list(path: Path, uid: int) -> bool:
    return _as_user(uid, ["ls", str(path)])


def _as_user(uid: int, command: list[str]) -> bool:
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]
    return subprocess.run([*drop, *command], capture_output=True, check=False).returncode == 0
