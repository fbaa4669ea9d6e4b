"""What keeps the platform from starting is said in one line that names the value and the way out."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.embedded.refusal import refusal

pytestmark = pytest.mark.platform


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(tmp_path / "var", ERA_PORT=str(port))
    assert f"port {port} on 127.0.0.1 is in use" in line
    assert "ERA_PORT" in line


def test_a_port_that_is_none_is_named(tmp_path: Path) -> None:
    assert "ERA_PORT is 'http'" in refusal(tmp_path / "var", ERA_PORT="http")


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "var" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    line = refusal(tmp_path / "var")
    assert f"{data} is of PostgreSQL 16, this platform runs 18" in line
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(tmp_path)], check=True)
    try:
        assert f"free on the disk of {tmp_path / 'var'}" in refusal(tmp_path / "var")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert f"cannot write to {tmp_path}/file/var" in refusal(tmp_path / "file" / "var")
