"""What a job of one organization tries on a cluster against others: refused or contained, and the neighbours go on.

Both jobs run on one node, and both asked for a network: that is as near as two organizations come.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from time import monotonic

import pytest
from django.conf import settings as current

from jobs.engines.base import InstanceSpec, Phase, ReadOnly
from jobs.engines.swarm import SwarmEngine
from tests.jobs.engines.bench import OURS, THEIRS, Bench, eventually
from tests.swarm.rig import Rig

pytestmark = [pytest.mark.swarm, pytest.mark.xdist_group("swarm")]
NEIGHBOUR = """
echo weights >$ERA_OUTPUT_DIR/weights
(while :; do echo hello | nc -l -p 7000; done) &
n=0; while :; do n=$((n+1)); echo $n >$ERA_OUTPUT_DIR/step; sleep 0.2; : neighbour; done
"""
TRIES = {
    # what: (how, what the job must see)
    "another's outputs": ("cat {outputs}/weights", "No such file"),
    "another's log": ("cat {attempt}/log", "No such file"),
    "the storage": ("ls {root}", "No such file"),
    "its own attempt's files": ("ls /era/private", "ermission denied"),
    "another's environment": ("cat /proc/[0-9]*/environ 2>/dev/null | grep -c hush", "^0"),
    "the runner's environment": ("cat /proc/1/environ", "ermission denied"),
    "another's processes": ("ps -o args | grep -c '[n]c -l -p 7000'", "^0"),
    "to end the runner": ("kill -9 1", "not permitted"),
    "another's server": ("nc -w 2 {address} 7000 </dev/null || echo out of reach", "out of reach"),
    "another's server by name": ("nc -w 2 {name} 7000 </dev/null || echo out of reach", "bad address|out of reach"),
    "the node": ("nc -w 2 {node} 2377 </dev/null || echo out of reach", "out of reach"),
    "the registry": ("wget -q -T 2 -O - http://{registry}/v2/_catalog || echo out of reach", "out of reach"),
    "Docker's socket": (
        "ls /var/run/docker.sock /run/docker.sock {socket}",
        "No such file.*No such file.*No such file",
    ),
    "to be root": ("id -u", r"^20\d{4}"),
    "capabilities": ("grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | grep -c 0000000000000000", "^5"),
    "new privileges": ("grep NoNewPrivs /proc/self/status", "1"),
    "to mount": ("mount -t tmpfs none /tmp", "ermission denied|not permitted"),
    "another namespace": ("unshare -n true", "not permitted"),
    "a device": ("mknod /tmp/disk b 8 0", "not permitted"),
    "to change the image": ("touch /bin/x /x", "Read-only file system.*Read-only file system"),
    "to change its input": ("touch $ERA_INPUT_DIR/x", "Read-only file system"),
    "another's private datasets": ("ls {root}/datasets {private}; cat {private}/secret", "No such file.*No such file"),
    "a dataset that it was not given": ("find / -name secret 2>/dev/null | grep -c .", "^0"),
    "what lies beside a dataset": ("ls -a $ERA_INPUT_DIR/theirs/shared/..", "^.\n..\nshared\n$"),
    "to write to a dataset": ("echo x >>$ERA_INPUT_DIR/theirs/shared/words", "Read-only|ermission denied"),
    "to add to a dataset": ("touch $ERA_INPUT_DIR/theirs/shared/x", "Read-only file system"),
    "to delete from a dataset": ("rm -f $ERA_INPUT_DIR/theirs/shared/words", "Read-only file system"),
    "to open a dataset to others": ("chmod 777 $ERA_INPUT_DIR/theirs/shared/words", "Read-only file system"),
    "to link a dataset's file": ("ln $ERA_INPUT_DIR/theirs/shared/words $ERA_OUTPUT_DIR/w", "ross-device"),
    "to put something over a dataset": (
        "mount --bind /tmp $ERA_INPUT_DIR/theirs/shared",
        "ermission denied|not permitted",
    ),
    "to unmount a dataset": ("umount $ERA_INPUT_DIR/theirs/shared", "ermission denied|not permitted"),
    "more memory": ("echo -1 >/sys/fs/cgroup/memory/memory.limit_in_bytes", "Read-only|ermission denied|nonexistent"),
    "more CPU": ("echo -1 >/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "Read-only|ermission denied|nonexistent"),
    "more CPU than half of one": (
        "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max",
        "^50000$",
    ),
    "more processes": ("echo max >/sys/fs/cgroup/pids/pids.max", "Read-only|ermission denied|nonexistent"),
    "the kernel's settings": ("echo 1 >/proc/sys/vm/drop_caches", "Read-only|ermission denied"),
}
GREEDY = {
    # what: (how, what the job must see before it is ended)
    "more memory than sold": ("head -c 200m /dev/zero | tail -c 190m | wc -c", "Killed|^0$"),
    "more processes than sold": ("for i in $(seq 2000); do sleep 60 & done", "can't fork"),
    "a fork bomb": ("bomb() {{ bomb | bomb & }}; bomb; sleep 60", "can't fork"),
    "all of the scratch space": ("dd if=/dev/zero of=/tmp/x bs=1M count=200; echo code $?", "code [1-9]"),
    "all of the shared memory": ("dd if=/dev/zero of=/dev/shm/x bs=1M count=200; echo code $?", "code [1-9]"),
    "the node's disk": ("dd if=/dev/zero of=/x bs=1M count=200; echo code $?", "code [1-9]"),
}


@pytest.fixture(scope="module")
def street(swarm: Rig, busybox: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench for all tests of this file, where their job runs beside ours."""
    root: Path = tmp_path_factory.mktemp("street")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(current, "ERA_DOCKER_HOST", swarm.host)
        patched.setattr(current, "ERA_STORAGE_ROOT", root)
        patched.setattr(current, "ERA_UNIT_MAX_PROCESSES", 64)
        bench = Bench(SwarmEngine(), busybox, root)
        yield bench
        bench.clear()


@pytest.fixture(scope="module")
def trees(street: Bench) -> dict[str, Path]:
    """Two datasets of theirs, as they lie in the storage; ours is given one of them."""
    own = street.root / "datasets" / str(THEIRS)
    trees = {"shared": own / "trees" / "1", "private": own / "trees" / "2"}
    for name, file in (("shared", "words"), ("private", "secret")):
        trees[name].mkdir(parents=True)
        (trees[name] / file).write_text(f"{file} of theirs\n")
        (trees[name] / file).chmod(0o444)
    own.chmod(0o700)
    return trees


@pytest.fixture(scope="module")
def theirs(street: Bench) -> InstanceSpec:
    spec = street.shell(
        NEIGHBOUR, organization_id=THEIRS, network=True, lasts=600, cpus=0.2, memory_mib=64, env={"SECRET": "hush"}
    )
    eventually(lambda: step(spec), within=120)
    return spec


@pytest.fixture(scope="module")
def seen(street: Bench, theirs: InstanceSpec, trees: dict[str, Path], swarm: Rig) -> dict[str, str]:
    """What one job of ours saw that tried all of it."""
    ((node, container),) = eventually(lambda: swarm.containers(theirs.name))
    with node.client() as client:
        networks = client.containers.get(container).attrs["NetworkSettings"]["Networks"]
    places = {
        "outputs": theirs.outputs, "attempt": theirs.attempt, "root": street.root, "name": theirs.name,
        "address": networks[f"era-organization-{THEIRS}"]["IPAddress"], "node": node.address,
        "registry": swarm.registry.address, "socket": node.host.removeprefix("unix://"), "private": trees["private"],
    }  # fmt: skip
    given = (ReadOnly("theirs/shared", trees["shared"]),)
    script = "\n".join(f"echo {quote('== ' + what)}; {how.format(**places)}" for what, (how, _) in TRIES.items())
    _, log = street.run(script, organization_id=OURS, network=True, cpus=0.5, memory_mib=64, datasets=given)
    sections = (section.partition("\n") for section in log.split("== ")[1:])
    return {what: said for what, _, said in sections}


def step(spec: InstanceSpec) -> int:
    file = spec.outputs / "step"
    return int(file.read_text().strip() or 0) if file.exists() else 0


def goes_on(spec: InstanceSpec) -> bool:
    before, give_up = step(spec), monotonic() + 30
    while monotonic() < give_up:
        if step(spec) > before + 1:
            return True
    return False


@pytest.mark.parametrize("what", TRIES)
def test_it_does_not_get(seen: dict[str, str], what: str) -> None:
    assert re.search(TRIES[what][1], seen[what], re.DOTALL), seen[what]
    assert "weights" not in seen[what].splitlines()
    assert "hello" not in seen[what].splitlines()


def test_what_it_was_given_it_reads_and_its_owner_finds_it_unchanged(street: Bench, trees: dict[str, Path]) -> None:
    given = (ReadOnly("theirs/shared", trees["shared"]),)
    ended, log = street.run("cat $ERA_INPUT_DIR/theirs/shared/words", cpus=0.2, memory_mib=64, datasets=given)
    assert (ended.exit_code, log) == (0, "words of theirs\n")
    assert (trees["shared"] / "words").read_text() == "words of theirs\n"
    assert [path.name for path in trees["shared"].iterdir()] == ["words"]


@pytest.mark.parametrize("what", GREEDY)
def test_it_cannot_take(street: Bench, theirs: InstanceSpec, what: str) -> None:
    how, expected = GREEDY[what]
    spec = street.shell(how.format(), cpus=0.5, memory_mib=64)
    eventually(lambda: re.search(expected, street.log(spec).decode(errors="replace"), re.MULTILINE), within=60)
    assert goes_on(theirs)
    street.engine.terminate(spec.name, spec.attempt, 0)
    street.end(spec, within=60)


def test_without_asking_it_has_no_network_at_all(street: Bench) -> None:
    _, log = street.run("ip -o link show up; nc -w 1 10.0.1.1 80 || echo closed; ifconfig eth0 up", network=False)
    assert "lo:" in log
    assert "eth" not in log.splitlines()[0]
    assert "unreachable" in log
    assert "closed" in log
    assert "not permitted" in log


def test_jobs_of_one_organization_that_ask_for_it_reach_each_other(street: Bench, theirs: InstanceSpec) -> None:
    script = f"until nc -w 2 {theirs.name} 7000 </dev/null; do sleep 0.5; done"
    ended, log = street.run(script, organization_id=THEIRS, network=True, pool="wide", lasts=60)
    assert (ended.exit_code, log.splitlines()[-1]) == (0, "hello")


def test_the_neighbour_never_stopped(street: Bench, theirs: InstanceSpec) -> None:
    assert street.inspect(theirs).phase is Phase.RUNNING
    assert street.log(theirs) == b""
