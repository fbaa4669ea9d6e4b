"""The runner under an ordinary user: in namespaces of that user's own, and plainly where these are refused."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from jobs.engines import sandbox
from jobs.engines.attempt import AttemptFolder
from tests.jobs.engines.bench import eventually

pytestmark = pytest.mark.engine
NOBODY = 65534
PLAIN: list[str] = []
ISOLATED = ["--isolate"]
for folder in filter(os.path.exists, ("/usr", "/bin", "/lib", "/lib64")):
    ISOLATED += ["--read-only", folder, folder]
both = pytest.mark.parametrize("options", [PLAIN, ISOLATED], ids=["plain", "isolated"])


@dataclass(frozen=True)
class User:
    """Somebody who runs the runner, with no privileges, in a folder of their own."""

    home: Path

    def run(self, options: list[str], script: str, *more: str) -> AttemptFolder:
        attempt = AttemptFolder(self.home / "attempt")
        attempt.prepare({"GREETING": "hello"})
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", str(NOBODY), self.home], check=True)
        command = [str(self.home / "runner"), "--attempt", str(attempt.path), "--daemon", *options, *more]
        subprocess.run([*command, "--", "sh", "-c", script], **_as_nobody(), check=True)
        return attempt

    def log(self) -> str:
        return (self.home / "attempt" / "log").read_text()


@pytest.fixture
def user() -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="era-user-") as folder:
        shutil.copy(settings.ERA_RUNNER, Path(folder) / "runner")
        yield User(Path(folder))


@pytest.fixture(autouse=True)
def _namespaces(request: pytest.FixtureRequest) -> None:
    if "isolated" in request.node.name and sandbox.isolation_refused():
        pytest.skip("this machine lets us make no namespaces")


@both
def test_output_and_exit_code_are_kept(user: User, options: list[str]) -> None:
    attempt = user.run(options, "echo $GREETING; id -u; exit 3")
    ended = eventually(attempt.ended)
    uid = NOBODY if os.geteuid() == 0 else os.getuid()
    assert (ended.code, user.log()) == (3, f"hello\n{uid}\n")


@both
def test_daemons_that_a_job_leaves_are_killed(user: User, options: list[str]) -> None:
    attempt = user.run(options, "setsid sleep 302 & (setsid sh -c 'sleep 302 & sleep 302' &) ; sleep 1")
    runner = psutil.Process(attempt.runner() or -1)
    eventually(lambda: len(runner.children(recursive=True)) >= 4)
    members = runner.children(recursive=True)
    eventually(attempt.ended)
    assert not any(process.is_running() for process in members)


@both
def test_the_end_of_the_slot_holds(user: User, options: list[str]) -> None:
    attempt = user.run(options, "trap '' TERM; while :; do sleep 1; done", "--stop-at", "1", "--end-at", "2")
    ended = eventually(attempt.ended)
    assert (ended.code, ended.reason, attempt.started()) == (143, "deadline", None)


@both
def test_stop_is_obeyed(user: User, options: list[str]) -> None:
    attempt = user.run(options, "trap '' TERM; while :; do sleep 1; done")
    attempt.say("stop 0.3")
    assert eventually(attempt.ended).code == 137


@both
def test_a_killed_runner_takes_the_command_with_it(user: User, options: list[str]) -> None:
    attempt = user.run(options, "exec sleep 302")
    runner = psutil.Process(attempt.runner() or -1)
    (job, *_) = reversed(runner.children(recursive=True))
    os.kill(runner.pid, signal.SIGKILL)
    eventually(lambda: not job.is_running())
    assert attempt.ended() is None


def test_isolated_it_sees_only_what_it_was_given(user: User) -> None:
    attempt = user.run(ISOLATED, f"ls {user.home}; ls /; grep CapPrm /proc/self/status; touch /x")
    eventually(attempt.ended)
    assert f"'{user.home}': No such file" in user.log()
    assert "root" not in user.log()
    assert "'/x': Read-only" in user.log()
    assert "0000000000000000" in user.log()


def _as_nobody() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
