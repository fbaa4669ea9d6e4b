"""The rig itself: what other tests rely on when they stop nodes, cut them off, and take images from its registry."""

import subprocess
import sys
from pathlib import Path

import pytest

import docker
from tests.jobs.engines.bench import eventually
from tests.swarm.network import run
from tests.swarm.rig import Rig, running_swarm, small_nas

pytestmark = [pytest.mark.swarm, pytest.mark.xdist_group("swarm")]
NODES = {"n1", "n2", "n3"}
KILLED = """
import os, signal
from tests.swarm.rig import running_swarm
with running_swarm(nodes=2) as rig:
    print(rig.site.number, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_three_nodes_with_their_gpus_are_one_swarm(swarm: Rig) -> None:
    assert swarm.states() == dict.fromkeys(NODES, "ready")
    with swarm.client() as client:
        for node in client.nodes.list():
            generic = node.attrs["Description"]["Resources"]["GenericResources"]
            assert {found["NamedResourceSpec"]["Value"] for found in generic} == {"gpu0", "gpu1"}


def test_a_node_takes_an_image_from_the_registry(swarm: Rig, busybox: str) -> None:
    with swarm.node("n3").client() as client:
        assert client.images.pull(busybox).tags == [busybox]


def test_a_node_cut_off_and_one_that_stops_go_down_and_come_back(cluster: Rig) -> None:
    cluster.node("n2").cut()
    cluster.node("n3").stop()
    for name in ("n2", "n3"):
        cluster.wait_until(name, "down")
    cluster.repair()
    assert cluster.states() == dict.fromkeys(NODES, "ready")


def test_a_manager_that_was_killed_comes_back_with_its_swarm(cluster: Rig) -> None:
    cluster.manager.kill_daemon()
    with pytest.raises(docker.errors.DockerException), cluster.client() as client:
        client.ping()
    cluster.repair()
    assert cluster.states() == dict.fromkeys(NODES, "ready")


def test_two_rigs_do_not_meet_and_leave_nothing(swarm: Rig) -> None:
    with running_swarm(nodes=1, gpus=0) as other:
        assert other.site.number != swarm.site.number
        assert other.states() == {"n1": "ready"}
    assert _left_of(other.site.name) == ""


def test_what_a_killed_run_left_is_cleared_by_the_next(swarm: Rig) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    left = f"era-rig{int(done.stdout)}"
    assert f"{left}-n2" in _left_of(left)
    for _ in range(3):  # another run of these tests may take that number meanwhile, and clears it then
        with running_swarm(nodes=1, gpus=0):
            if f"{left}-n2" not in _left_of(left):
                break
    eventually(lambda: f"{left}-n2" not in _left_of(left))


def test_a_small_nas_is_full_soon(tmp_path: Path) -> None:
    with small_nas(tmp_path / "nas", 1) as nas, pytest.raises(OSError, match="No space left"):
        (nas / "large").write_bytes(bytes(2 * 2**20))


def _left_of(name: str) -> str:
    """Interfaces, namespaces, mounts, control groups and processes whose names say that they are a rig's."""
    mounts = Path("/proc/self/mounts").read_text()
    said = [*run("ip", "netns").splitlines(), *run("ip", "-br", "link").splitlines(), *mounts.splitlines()]
    said += map(str, Path("/sys/fs/cgroup").glob(f"**/{name}*"))
    said += run("ps", "-eo", "args").splitlines()
    return "\n".join(line for line in said if f"{name}-" in line or f"{name}/" in line or line.startswith(f"{name} "))
