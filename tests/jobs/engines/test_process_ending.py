"""Jobs on the engine `process` start once, end when they must with all they started, and outlive the platform."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from jobs.engines.base import EndReason, EngineError, ImageError, Phase, Usage
from tests.jobs.engines.bench import Bench, eventually

pytestmark = pytest.mark.engine
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 1; done"
REPOSITORY = Path(__file__).parents[3]


def test_started_many_times_at_once_it_runs_once(bench: Bench) -> None:
    spec = bench.spec("sh", "-c", "echo ran; sleep 0.5")
    bench.engine.stage(spec)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(bench.engine.start, [spec] * 8))
    bench.end(spec)
    bench.engine.start(spec)
    assert bench.log(spec) == b"ran\n"


def test_it_begins_at_start_and_not_before(bench: Bench) -> None:
    spec = bench.spec("true")
    assert bench.inspect(spec).phase is Phase.ABSENT
    bench.engine.stage(spec)
    bench.engine.create(spec)
    bench.engine.create(spec)
    assert bench.inspect(spec).phase is Phase.CREATED
    assert spec.name in bench.engine.instances()
    bench.engine.start(spec)
    assert bench.end(spec).exit_code == 0


def test_terminate_asks_and_the_job_may_tidy_up(bench: Bench) -> None:
    spec = bench.shell("trap 'echo saved; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    bench.says(spec, "ready")
    bench.engine.terminate(spec.name, spec.attempt, 10)
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason) == (7, EndReason.TERMINATED)
    assert bench.log(spec).endswith(b"saved\n")


def test_who_ignores_term_is_killed_after_the_grace(bench: Bench) -> None:
    spec = bench.shell(STUBBORN)
    bench.says(spec, "ready")
    bench.engine.terminate(spec.name, spec.attempt, 0.5)
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason) == (137, EndReason.TERMINATED)


def test_the_slot_ends_without_anybody_doing_anything(bench: Bench) -> None:
    spec = bench.shell(STUBBORN, lasts=1.5, grace=0.5)
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason) == (137, EndReason.DEADLINE)
    assert ended.ended_at
    assert 0 <= (ended.ended_at - spec.end_at).total_seconds() < 0.5


def test_a_job_is_asked_to_stop_before_its_slot_ends(bench: Bench) -> None:
    spec = bench.shell("trap 'echo saved; exit 0' TERM; while :; do sleep 0.1; done", lasts=6, grace=5)
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason) == (0, EndReason.DEADLINE)
    assert bench.log(spec).endswith(b"saved\n")
    assert ended.ended_at
    assert ended.ended_at < spec.end_at


def test_terminated_before_it_started_it_never_runs(bench: Bench) -> None:
    spec = bench.spec("touch", "ran")
    bench.engine.stage(spec)
    bench.engine.create(spec)
    bench.engine.terminate(spec.name, spec.attempt, 0)
    bench.engine.start(spec)
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason) == (143, EndReason.TERMINATED)
    assert not list(spec.code.iterdir())


@pytest.mark.parametrize("how", ["sleep 301 &", "setsid sleep 301 &", "(setsid sh -c 'sleep 301 & sleep 301' &);"])
def test_nothing_that_a_job_started_outlives_it(bench: Bench, how: str) -> None:
    spec = bench.shell(f"{how} echo ready; read go < /dev/null; sleep 1")
    bench.says(spec, "ready")
    eventually(lambda: len(_under(bench.runner(spec))) > 2)
    members = _under(bench.runner(spec))
    assert bench.end(spec).exit_code == 0
    assert not any(process.is_running() for process in members)


def test_the_job_outlives_whoever_started_it(bench: Bench) -> None:
    spec = bench.spec("sh", "-c", "sleep 1; echo done")
    bench.engine.stage(spec)
    program = f"""if True:
        import datetime, os, pathlib, signal
        from pathlib import PosixPath
        import django; django.setup()
        from django.conf import settings
        from jobs.engines.base import InstanceSpec
        from jobs.engines.process import ProcessEngine
        settings.ERA_STORAGE_ROOT = {str(bench.root)!r}
        ProcessEngine().start({spec!r})
        os.killpg(0, signal.SIGKILL)"""
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, start_new_session=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert bench.inspect(spec).phase is Phase.RUNNING
    assert bench.end(spec).exit_code == 0
    assert bench.log(spec) == b"done\n"


def test_a_killed_runner_takes_the_job_with_it_and_is_found_lost(bench: Bench) -> None:
    spec = bench.shell("(setsid sleep 301 &) ; echo ready; sleep 301")
    bench.says(spec, "ready")
    eventually(lambda: len(_under(bench.runner(spec))) > 2)
    members = _under(bench.runner(spec))
    os.kill(bench.runner(spec), signal.SIGKILL)
    assert bench.reach(spec, Phase.LOST).exit_code is None
    eventually(lambda: not any(process.is_running() for process in members))
    bench.engine.start(spec)
    assert bench.inspect(spec).phase is Phase.LOST, "an attempt must never run twice"


def test_a_machine_going_down_asks_the_job_and_it_is_found_lost(bench: Bench) -> None:
    spec = bench.shell("trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.1; done")
    bench.says(spec, "ready")
    os.kill(bench.runner(spec), signal.SIGTERM)
    assert bench.reach(spec, Phase.LOST).reason is EndReason.INTERRUPTED
    assert bench.log(spec).endswith(b"saved\n")


def test_delete_ends_it_and_keeps_the_log(bench: Bench) -> None:
    spec = bench.shell(STUBBORN)
    bench.says(spec, "ready")
    bench.engine.delete(spec.name, spec.attempt)
    bench.engine.delete(spec.name, spec.attempt)
    assert bench.inspect(spec).phase is Phase.ABSENT
    assert spec.name not in bench.engine.instances()
    assert bench.log(spec) == b"ready\n"


def test_use_is_measured_of_all_its_processes(bench: Bench) -> None:
    spec = bench.shell("sh -c 'while :; do :; done' & wait")
    usage = eventually(lambda: _busy(bench.engine.sample(spec.name, spec.attempt)))
    assert usage.memory_bytes > 0
    bench.engine.delete(spec.name, spec.attempt)
    assert bench.engine.sample(spec.name, spec.attempt) is None


def test_only_the_machine_itself_is_an_image(bench: Bench) -> None:
    assert bench.engine.check_image("host") == "host"
    with pytest.raises(ImageError, match="host"):
        bench.engine.check_image("pytorch/pytorch:2.9")


def test_a_volume_is_a_folder_until_it_is_deleted(bench: Bench) -> None:
    volume = bench.engine.create_volume("data-1")
    assert bench.engine.create_volume("data-1") == volume
    assert volume.is_dir()
    bench.engine.delete_volume("data-1")
    bench.engine.delete_volume("data-1")
    assert not volume.exists()
    with pytest.raises(EngineError, match=r"\.\./data"):
        bench.engine.delete_volume("../data")


def test_the_machine_is_the_capacity(bench: Bench) -> None:
    (node,) = bench.engine.capacity()
    assert (node.cpus, node.available) == (psutil.cpu_count(), True)


def _busy(usage: Usage | None) -> Usage | None:
    return usage if usage and usage.cpu_seconds > 0 else None


def _under(runner: int) -> list[psutil.Process]:
    return psutil.Process(runner).children(recursive=True)
