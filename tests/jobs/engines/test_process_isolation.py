"""A job on the engine `process` reaches its own folders and nothing of the platform or of other organizations."""

import os
import socket
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from jobs.engines import sandbox
from tests.jobs.engines.bench import OURS, THEIRS, Bench

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(bool(sandbox.isolation_refused()), reason="this machine lets us make no namespaces"),
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user for each organization")


@as_root
def test_each_organization_has_a_user_of_its_own_without_any_privilege(bench: Bench) -> None:
    show = "id -u; id -G; grep -E 'Cap(Prm|Bnd)|NoNewPrivs' /proc/self/status | tr -s '\\t\\n' ' '"
    caps = "CapPrm: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1"
    for organization in (OURS, THEIRS):
        uid = settings.ERA_JOB_UID_BASE + organization
        _, log = bench.run(show, organization_id=organization)
        assert log.split("\n")[:2] == [str(uid), str(uid)]
        assert caps in log


def test_nothing_of_another_organization_is_there(bench: Bench) -> None:
    theirs = bench.shell("echo secret > $ERA_OUTPUT_DIR/weights; sleep 30", organization_id=THEIRS)
    ended, log = bench.run(f"cat {theirs.outputs}/weights {theirs.attempt}/log; ls {bench.root}")
    assert ended.exit_code != 0
    assert log.count("No such file") == 3
    assert "secret" not in log


@pytest.mark.parametrize(
    "place", [settings.ERA_DATA_DIR, settings.BASE_DIR / "manage.py", "/root/.bashrc", "/var", "/run", "/home"]
)
def test_nothing_of_the_platform_is_there(bench: Bench, place: Path | str) -> None:
    ended, log = bench.run(f"ls {place}")
    assert ended.exit_code != 0
    assert "No such file" in log


def test_only_its_own_folders_can_be_written(bench: Bench) -> None:
    places = "/ /usr /etc /era /era/input /dev /sys/devices/system"
    _, log = bench.run(f"for p in {places} /era/code /era/output /tmp /dev/shm; do touch $p/x && echo wrote $p; done")
    assert [line for line in log.splitlines() if line.startswith("wrote")] == [
        "wrote /era/code", "wrote /era/output", "wrote /tmp", "wrote /dev/shm"
    ]  # fmt: skip


def test_no_process_but_its_own_can_be_seen_or_signalled(bench: Bench) -> None:
    ended, log = bench.run(f"ls -d /proc/[0-9]* | wc -l; kill -9 {os.getpid()} || kill -9 1 || echo alone; kill -9 -1")
    assert int(log.split()[0]) <= 4
    assert "alone" in log
    assert bench.inspect(bench.made[0]) == ended, "who supervises it is out of its reach"


def test_the_platform_servers_cannot_be_reached(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        spec = bench.begin("python3", "-c", program)
        assert bench.end(spec).exit_code == 1
        assert b"refused" in bench.log(spec)


def test_the_network_can_be_allowed(bench: Bench, settings: Settings) -> None:
    settings.ERA_JOB_NETWORK = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        assert bench.end(bench.begin("python3", "-c", program)).exit_code == 0


def test_memory_is_limited(bench: Bench) -> None:
    use = "data = bytearray({} * 2**20); print(len(data))"
    assert bench.end(bench.begin("python3", "-c", use.format(500), memory_mib=512)).exit_code == 0
    spec = bench.begin("python3", "-c", use.format(512 + sandbox.HEADROOM_MIB), memory_mib=512)
    assert bench.end(spec).exit_code == 1
    assert b"MemoryError" in bench.log(spec)


def test_no_core_is_dumped_and_threads_are_as_many_as_its_cpus(bench: Bench) -> None:
    _, log = bench.run("ulimit -c; echo $OMP_NUM_THREADS; nice", cpus=2.5)
    assert log.split() == ["0", "3", str(sandbox.NICENESS)]


@pytest.mark.skipif(not settings.ERA_JOB_ENV.exists(), reason="the jobs' environment is not made: make install")
def test_numpy_works_within_a_small_unit(bench: Bench) -> None:
    program = "import numpy as n; a = n.random.rand(500, 500); print(n.linalg.svd(a @ a)[1].shape)"
    spec = bench.begin("python", "-c", program, memory_mib=64)
    assert (bench.end(spec).exit_code, bench.log(spec)) == (0, b"(500,)\n")


@as_root
def test_links_that_a_job_left_lead_nowhere_when_it_is_staged_again(bench: Bench, tmp_path: Path) -> None:
    (target := tmp_path / "ours-alone").touch()
    spec = bench.shell(f"ln -s {target} $ERA_OUTPUT_DIR/link")
    bench.end(spec)
    bench.engine.stage(spec)
    assert target.stat().st_uid == 0
