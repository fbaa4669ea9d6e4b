"""The web process of a deployment: told to stop, it first goes on, then ends what it began."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from era_platform.embedded.ports import free_port
from tests.platform import PROJECT, eventually

DRAIN = 8.0
TESTING = {"DJANGO_SETTINGS_MODULE": "era_platform.settings.testing", "ERA_DRAIN_SECONDS": str(DRAIN)}


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"http://127.0.0.1:{free_port()}/healthz"


@pytest.fixture
def web(address: str, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    port = address.rpartition(":")[2].partition("/")[0]
    own = {"ERA_BIND": "127.0.0.1", "ERA_PORT": port, "ERA_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "era_platform.web"], env={**os.environ, **TESTING, **own}, cwd=PROJECT
    )
    eventually(lambda: answers(address), within=120, what="the web process answers")
    yield process
    process.kill()
    process.wait()


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_told_to_stop_it_answers_for_a_while_and_then_ends(web: "subprocess.Popen[bytes]", address: str) -> None:
    began = time.monotonic()
    web.send_signal(signal.SIGTERM)
    assert answers(address)
    web.wait(60)
    assert time.monotonic() - began >= DRAIN
    assert not answers(address)
