"""A home of its own for each test, so that nobody's tokens are used or changed; and a platform to talk to."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from era_client import Client, http
from era_client.commands.app import app
from tests.platform import Platform, database, running_platform

VARIABLES = ("ERA_URL", "ERA_TOKEN", "ERA_PROFILE")
SLOT = 5


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ERA_CONFIG_DIR", str(folder / "config"))
    monkeypatch.setenv("ERA_STATE_DIR", str(folder / "state"))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other without a wait."""
    monkeypatch.setattr(http, "LONGEST_WAIT", 0.0)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`era` in this process."""

    def running(*words: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            app(words, prog_name="era")
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return running


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One that runs, whose pool `local` has slots so short that nobody has to wait for the next."""
    with running_platform(tmp_path_factory.mktemp("platform")) as started:
        with database(started) as rows:
            rows("UPDATE pricing_pool SET slug = 'slow' WHERE slug = 'local' RETURNING slug")
        started.manage(
            "create_pool",
            "local",
            "--units=8",
            f"--slot-seconds={SLOT}",
            "--horizon-slots=20000",
            "--unit-cpus=0.25",
            "--unit-memory-mib=1024",
            "--grace-seconds=2",
        )
        yield started


@pytest.fixture(scope="module")
def token(platform: Platform) -> str:
    return platform.manage("create_token", "--user", "demo@example.com", "--org", "demo")


@pytest.fixture(scope="module")
def client(platform: Platform, token: str) -> Iterator[Client]:
    with Client(platform.url, token) as connected:
        yield connected


@pytest.fixture
def signed_in(platform: Platform, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As somebody who is signed in."""
    monkeypatch.setenv("ERA_URL", platform.url)
    monkeypatch.setenv("ERA_TOKEN", token)
