"""The engine `swarm` on a real Docker Swarm: start, log, exit code, end of slot, limits, and what can go wrong."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from docker.models.containers import Container
from pytest_django.fixtures import Settings

import docker
from jobs.engines.attempt import AttemptFolder
from jobs.engines.base import EndReason, EngineError, ImageError, InstanceSpec, Phase
from jobs.engines.folders import make_ready
from jobs.engines.swarm import SwarmEngine
from tests.jobs.engines.bench import OURS, THEIRS, Bench, eventually
from tests.swarm.images import import_busybox
from tests.swarm.rig import Rig

pytestmark = [pytest.mark.swarm, pytest.mark.xdist_group("swarm")]
ELSEWHERE = 4321  # a user of the storage that this machine doesn't know


def test_a_job_runs_in_its_image_and_leaves_its_output(bench: Bench) -> None:
    spec = bench.shell("cat data; echo kept > $ERA_OUTPUT_DIR/out; echo $ERA_UNITS; exit 3")
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason) == (3, EndReason.EXITED)
    assert (spec.outputs / "out").read_text() == "kept\n"
    assert bench.log(spec).endswith(b"\n1\n")


def test_the_log_is_live_and_exact(bench: Bench) -> None:
    spec = bench.shell(r"printf '\r10%%\r\033[32mgreen'; until [ -e go ]; do sleep 0.1; done; echo; echo end")
    bench.says(spec, "green")
    assert bench.inspect(spec).phase is Phase.RUNNING
    (spec.code / "go").touch()
    bench.end(spec)
    assert bench.log(spec) == b"\r10%\r\x1b[32mgreen\nend\n"


def test_it_waits_for_start_and_then_begins_at_once(bench: Bench) -> None:
    spec = bench.spec("true")
    bench.engine.stage(spec)
    bench.engine.create(spec)
    eventually(lambda: (spec.attempt / "lock").exists())
    assert bench.inspect(spec).phase is Phase.CREATED
    begun = time.time()
    bench.engine.start(spec)
    started = bench.end(spec).started_at
    assert started
    assert started.timestamp() - begun < 1


def test_created_twice_there_is_one(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("echo ran; sleep 1")
    bench.engine.create(spec)
    bench.engine.start(spec)
    with swarm.client() as client:
        assert len(client.services.list(filters={"name": spec.name})) == 1
    assert bench.engine.instances() == [spec.name]
    bench.end(spec)
    assert bench.log(spec) == b"ran\n"


def test_the_slot_ends_it(bench: Bench) -> None:
    spec = bench.shell("trap '' TERM; echo ready; while :; do sleep 1; done", lasts=6, grace=0.5)
    ended = bench.end(spec)
    assert (ended.exit_code, ended.reason, bench.log(spec)) == (137, EndReason.DEADLINE, b"ready\n")
    assert ended.ended_at
    assert ended.ended_at.timestamp() - spec.end_at.timestamp() < 1


def test_terminate_asks_and_delete_removes(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("trap 'echo saved; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    bench.says(spec, "ready")
    bench.engine.terminate(spec.name, spec.attempt, 10)
    assert bench.end(spec).exit_code == 7
    bench.engine.delete(spec.name, spec.attempt)
    bench.engine.delete(spec.name, spec.attempt)
    assert (bench.inspect(spec).phase, bench.engine.instances()) == (Phase.ABSENT, [])
    assert bench.log(spec).endswith(b"saved\n")


def test_delete_of_a_running_one_ends_its_container(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("trap '' TERM; echo ready; while :; do sleep 1; done")
    bench.says(spec, "ready")
    bench.engine.delete(spec.name, spec.attempt)
    with swarm.client() as client:
        eventually(lambda: not client.containers.list(filters={"label": f"era.instance={spec.name}"}))


def test_a_container_that_docker_stops_asks_the_job_and_is_found_lost(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.1; done")
    bench.says(spec, "ready")
    with swarm.client() as client:
        _container(client, spec).stop(timeout=10)
    assert bench.reach(spec, Phase.LOST).reason is EndReason.INTERRUPTED
    assert bench.log(spec).endswith(b"saved\n")


def test_a_container_killed_behind_our_back_is_found_lost(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("trap '' TERM; echo ready; while :; do sleep 1; done")
    bench.says(spec, "ready")
    with swarm.client() as client:
        _container(client, spec).kill("SIGKILL")
    assert bench.reach(spec, Phase.LOST).exit_code is None


def test_each_organization_has_a_user_without_privileges(bench: Bench) -> None:
    for organization in (OURS, THEIRS):
        _, log = bench.run("id -u; grep -E 'CapPrm|CapBnd|NoNew' /proc/self/status", organization_id=organization)
        assert log.split()[0] == str(settings.ERA_JOB_UID_BASE + organization)
        assert (log.count("0000000000000000"), log.split()[-1]) == (2, "1")


def test_the_attempts_folder_is_closed_to_the_job(bench: Bench) -> None:
    ended, log = bench.run("ls /era/private/attempt; echo x > /era/private/attempt/exit; kill -9 1; kill 1; echo tried")
    assert (ended.exit_code, ended.reason) == (0, EndReason.EXITED)
    assert log.count("ermission denied") + log.count("not permitted") == 4


def test_where_the_platform_is_not_root_the_runner_and_the_job_are_its_user(bench: Bench, settings: Settings) -> None:
    settings.ERA_JOB_UID_BASE = ELSEWHERE - OURS
    spec = bench.spec("sh", "-c", "id -u; ls /era/private/attempt; kill -9 1; echo alive")
    bench.engine.stage(spec)
    AttemptFolder(spec.attempt).prepare({})
    for path in (spec.attempt, *spec.attempt.iterdir()):
        os.chown(path, ELSEWHERE, ELSEWHERE)
    bench.engine.start(spec)
    assert bench.end(spec).exit_code == 0
    assert re.fullmatch(rf"{ELSEWHERE}\n.*denied\n.*not permitted\nalive\n", bench.log(spec).decode())
    assert {path.stat().st_uid for path in spec.attempt.iterdir()} == {ELSEWHERE}


def test_memory_and_cpus_are_limited(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("echo ready; sleep 30", cpus=0.5, memory_mib=64)
    bench.says(spec, "ready")
    with swarm.client() as client:
        host = _container(client, spec).attrs["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (5 * 10**8, 64 * 2**20, 1024)
    usage = bench.engine.sample(spec.name, spec.attempt)
    assert usage
    assert 0 < usage.memory_bytes < 64 * 2**20


def test_a_change_of_its_node_does_not_end_what_runs_beside_what_has_ended(bench: Bench, cluster: Rig) -> None:
    """At each change Swarm adds up what its tasks there reserve, and rejects those for which nothing is left."""
    whole = {"pool": "local", "cpus": os.cpu_count()}
    for _ in range(3):
        bench.end(bench.shell("true", **whole))
    runs = bench.shell("until [ -e go ]; do touch $ERA_OUTPUT_DIR/alive; sleep 0.1; done", **whole)
    alive = runs.outputs / "alive"
    eventually(alive.exists)
    cluster.change("n1")
    for _ in range(10):
        alive.unlink()
        eventually(alive.exists)
    assert bench.inspect(runs).phase is Phase.RUNNING
    (runs.code / "go").touch()
    assert bench.end(runs).exit_code == 0


def test_what_is_deleted_leaves_nothing_behind(bench: Bench, swarm: Rig) -> None:
    ended, runs = bench.shell("true"), bench.shell("trap '' TERM; while :; do sleep 1; done")
    bench.end(ended)
    eventually(lambda: _tasks(swarm, ended) == _tasks(swarm, runs) == 1)
    for spec in (ended, runs):
        bench.engine.delete(spec.name, spec.attempt)
    eventually(lambda: not any(_tasks(swarm, spec) or _containers(swarm, spec) for spec in (ended, runs)))


def test_gpus_are_counted(bench: Bench) -> None:
    nodes = bench.engine.capacity()
    assert [(node.gpus, node.available) for node in nodes] == [(2, True)] * 3
    ended, log = bench.run("echo $NVIDIA_VISIBLE_DEVICES", gpus=2)
    assert (ended.exit_code, sorted(log.strip().split(","))) == (0, ["gpu0", "gpu1"])
    assert bench.run("echo $NVIDIA_VISIBLE_DEVICES")[1] == "void\n"
    assert "insufficient resources" in _waits(bench, gpus=3)


def test_a_job_too_large_for_the_node_waits_and_says_why(bench: Bench) -> None:
    assert "insufficient resources" in _waits(bench, cpus=1000)


def test_jobs_of_a_pool_run_on_its_nodes_only(bench: Bench, swarm: Rig) -> None:
    for pool, names in (("local", {"n1"}), ("wide", {"n2", "n3"})):
        spec = bench.shell("sleep 30", pool=pool)
        ((node, _),) = eventually(lambda spec=spec: swarm.containers(spec.name))  # type: ignore[misc]
        assert node.name in names
    assert "no suitable node (scheduling constraints" in _waits(bench, pool="nobody")


def test_it_tells_node_and_container_while_it_runs_and_when_it_is_over(bench: Bench, swarm: Rig) -> None:
    spec = bench.shell("echo ready; until [ -e go ]; do sleep 0.1; done", pool="wide")
    bench.says(spec, "ready")
    ((node, container),) = eventually(lambda: swarm.containers(spec.name))
    eventually(lambda: bench.inspect(spec).containers)
    (spec.code / "go").touch()
    for seen in (bench.inspect(spec), bench.end(spec)):
        assert (seen.nodes, seen.containers) == ((node.name,), (container,))


def test_how_it_ended_is_told_without_docker_but_not_where(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = bench.shell("true")
    bench.end(spec)
    with monkeypatch.context() as silent:
        silent.setattr(bench.engine, "_task", _refuse)
        found = bench.inspect(spec)
    assert (found.phase, found.exit_code, found.nodes, found.containers) == (Phase.EXITED, 0, (), ())


def _refuse(name: str) -> None:
    raise EngineError("Docker is silent.")


def test_without_any_label_jobs_run_anywhere(bench: Bench, swarm: Rig) -> None:
    swarm.set_pools()
    assert bench.end(bench.shell("true", pool="nobody")).exit_code == 0
    swarm.reset_pools()


def test_an_image_that_nobody_has_is_refused_by_name(bench: Bench, busybox: str) -> None:
    assert bench.engine.check_image(busybox).startswith(f"{busybox}@sha256:")
    for image in ("era/no-such-image", "Not An Image"):
        with pytest.raises(ImageError, match=image):
            bench.engine.check_image(image)


def test_a_tag_that_moves_changes_nothing_for_a_job_that_was_submitted(bench: Bench, swarm: Rig, busybox: str) -> None:
    pinned = bench.engine.check_image(busybox)
    assert bench.engine.check_image(pinned) == pinned
    with swarm.client() as client:
        repository, tag = busybox.rsplit(":", 1)
        moved = client.containers.create(busybox, "true")
        moved.commit(repository, tag, changes="ENV MOVED=yes")
        moved.remove()
        client.images.push(repository, tag)
        assert bench.engine.check_image(busybox) != pinned
        assert bench.run("echo $MOVED", image=pinned, pool="wide")[1] == "\n"
        client.images.pull(pinned).tag(repository, tag)
        client.images.push(repository, tag)
    assert bench.engine.check_image(busybox) == pinned


def test_an_image_of_the_manager_only_has_no_digest(bench: Bench, swarm: Rig) -> None:
    with swarm.client() as client:
        assert bench.engine.check_image(import_busybox(client)) == "era/busybox:1"


def test_an_image_gone_since_is_told_as_lost(bench: Bench) -> None:
    spec = bench.spec("true", image="era/no-such-image:1")
    make_ready(spec)
    bench.engine.create(spec)
    assert "No such image" in bench.reach(spec, Phase.LOST, within=60).detail


def test_without_docker_it_can_be_tried_again(settings: Settings, tmp_path: Path) -> None:
    settings.ERA_DOCKER_HOST = f"unix://{tmp_path}/nobody.sock"
    with pytest.raises(EngineError, match=r"can't be reached at unix://.*nobody\.sock"):
        SwarmEngine().capacity()


def _waits(bench: Bench, **changes: Any) -> str:
    """What is said of one that can't be placed."""
    spec = bench.shell("true", **changes)
    eventually(lambda: "no suitable node" in bench.inspect(spec).detail)
    found = bench.inspect(spec)
    assert found.phase is Phase.CREATED
    return found.detail


def _tasks(swarm: Rig, spec: InstanceSpec) -> int:
    with swarm.client() as client:
        return len(client.api.tasks(filters={"label": f"era.instance={spec.name}"}))


def _containers(swarm: Rig, spec: InstanceSpec) -> int:
    """Those that have ended too, on the manager."""
    with swarm.client() as client:
        return len(client.api.containers(all=True, filters={"label": f"era.instance={spec.name}"}))


def _container(client: docker.DockerClient, spec: InstanceSpec) -> Container:
    """Its container. A job may print before Docker has noted that its container runs."""
    (found,) = eventually(lambda: client.containers.list(filters={"label": f"era.instance={spec.name}"}))
    return found
