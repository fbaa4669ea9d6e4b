"""A real Docker Swarm of several nodes on this machine, with a registry, apart from whatever else runs here."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

from docker.models.nodes import Node as DockerNode

import docker
from tests.swarm.network import PATH, Site, free_site, run
from tests.swarm.node import Node, end_processes, remove_cgroups, unmount_below

REGISTRY_PORT = 5000
POOL = "era.pool"
MOST_NODES = 5
HEARTBEAT_SECONDS = 3  # a node is down when three are missed; Docker's own 5 s would have tests wait longer


@dataclass
class Registry:
    """Every node takes images from it, over HTTP: `address` is the first part of their names."""

    folder: Path
    address: str
    server: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "config.yml"
        settings.write_text(
            f"version: 0.1\nlog: {{level: warn}}\nhttp: {{addr: '{self.address}'}}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.folder}/images}}, delete: {{enabled: true}}}}\n"
        )
        with (self.folder / "log").open("a") as log:
            self.server = subprocess.Popen(
                ["docker-registry", "serve", str(settings)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": PATH}, start_new_session=True,
            )  # fmt: skip
        _until(self._answers, f"the registry: {(self.folder / 'log').read_text()[-1000:]}")

    def stop(self) -> None:
        if self.server is not None:
            self.server.kill()
            self.server.wait()

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://{self.address}/v2/", timeout=5) as answer:
            return bool(answer.status == 200)
        return False


@dataclass
class Rig:
    """The first node is the manager; `host` is its Docker, what ERA_DOCKER_HOST takes. The NAS is any folder of
    this machine: all nodes see it at the same path."""

    site: Site
    nodes: list[Node]
    registry: Registry
    pools: dict[str, str] = field(default_factory=dict)  # what `reset_pools` goes back to

    @property
    def manager(self) -> Node:
        return self.nodes[0]

    @property
    def host(self) -> str:
        return self.manager.host

    def client(self) -> AbstractContextManager[docker.DockerClient]:
        return self.manager.client()

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def push(self, image: str) -> str:
        """Put an image that the manager has into the registry; its name there."""
        name = f"{self.registry.address}/{image}"
        with self.client() as client:
            client.images.get(image).tag(name)
            for line in client.images.push(name, stream=True, decode=True):
                if "error" in line:
                    raise RuntimeError(f"{name} can't be pushed: {line['error']}")
        return name

    def set_pools(self, **pools: str) -> None:
        """Label nodes: `set_pools(n1="local")`. Nodes not named lose their label; without arguments, all do."""
        with self.client() as client:
            for found in client.nodes.list():
                pool = pools.get(found.attrs["Description"]["Hostname"], "")
                _until(partial(_label, found, POOL, pool), f"a label on {found.id}")

    def change(self, name: str) -> None:
        """Write something about a node that means nothing: its manager looks at all that runs there again."""
        with self.client() as client:
            (node,) = (found for found in client.nodes.list() if found.attrs["Description"]["Hostname"] == name)
            _until(partial(_label, node, "era.changed", uuid4().hex), f"a change of {name}")

    def reset_pools(self) -> None:
        """As it was in the beginning."""
        self.set_pools(**self.pools)

    def states(self) -> dict[str, str]:
        """`ready`, `down` or `unknown`, by node."""
        with self.client() as client:
            nodes = [node.attrs for node in client.nodes.list()]
        return {node["Description"]["Hostname"]: node["Status"]["State"] for node in nodes}

    def wait_until(self, name: str, state: str, within: float = 120) -> None:
        """Until the manager takes a node for `ready` or `down`."""
        _until(lambda: self._state(name) == state, f"{name} to be {state}", within)

    def repair(self) -> None:
        """Whatever a test did: registry, cables, daemons and labels as at the beginning, and all nodes ready."""
        if self.registry.server is None or self.registry.server.poll() is not None:
            self.registry.start()
        for node in self.nodes:
            node.mend()
            node.start()
        for node in self.nodes:
            node.wait()
            self.wait_until(node.name, "ready")
        self.reset_pools()

    def containers(self, instance: str) -> list[tuple[Node, str]]:
        """Where an instance's containers run, and their ids, on all nodes whose dockerd runs."""
        alive = [node for node in self.nodes if node.daemon is not None and node.daemon.poll() is None]
        return [(node, found.id) for node in alive for found in node.containers(instance)]

    def _state(self, name: str) -> str:
        try:
            return self.states()[name]
        except (docker.errors.DockerException, OSError):
            return ""  # the manager itself is coming up


def reason_it_cannot_run() -> str:
    """Why this machine lets us run no Docker Engine; empty if it does."""
    if os.geteuid() != 0:
        return "a Docker Engine of one's own needs root"
    tried = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"a Docker Engine of one's own needs namespaces ({tried.stderr.strip()})"
    if not os.access("/sys/fs/cgroup", os.W_OK) or os.statvfs("/sys/fs/cgroup").f_flag & os.ST_RDONLY:
        return "a Docker Engine of one's own needs control groups that can be written"
    return ""


@contextmanager
def running_swarm(nodes: int = 3, gpus: int = 2) -> Iterator[Rig]:
    """A Swarm of so many nodes with so many GPUs each, which it only counts. All is gone when the context ends."""
    assert 1 <= nodes <= MOST_NODES
    rig = _planned(free_site(), nodes, gpus)
    try:
        _clear(rig)
        _build(rig)
        yield rig
    finally:
        _clear(rig)
        rig.site.claim.close()


@contextmanager
def small_nas(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A storage with little room, for what happens when it is full."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        run("umount", "--lazy", str(folder))


def _planned(site: Site, nodes: int, gpus: int) -> Rig:
    registry = Registry(site.folder / "registry", f"{site.address}:{REGISTRY_PORT}")
    options = ["--insecure-registry", registry.address]
    for number in range(gpus):
        options += ["--node-generic-resource", f"NVIDIA-GPU=gpu{number}"]
    return Rig(site, _nodes(site, nodes, tuple(options)), registry)


def _nodes(site: Site, count: int, options: tuple[str, ...]) -> list[Node]:
    names = {position: f"n{position}" for position in range(1, count + 1)}
    return [Node(name, site.folder / name, site.cable(position), options) for position, name in names.items()]


def _build(rig: Rig) -> None:
    rig.site.build()
    for node in rig.nodes:
        node.cable.lay()
        node.start()
    rig.registry.start()
    for node in rig.nodes:
        node.wait()
    with rig.client() as client:
        client.swarm.init(
            advertise_addr=rig.manager.address,
            listen_addr=f"{rig.manager.address}:2377",
            dispatcher_heartbeat_period=HEARTBEAT_SECONDS * 10**9,
        )
        token = client.swarm.attrs["JoinTokens"]["Worker"]
    for node in rig.nodes[1:]:
        with node.client() as client:
            client.swarm.join([f"{rig.manager.address}:2377"], token, node.address, node.address)
    for node in rig.nodes:
        rig.wait_until(node.name, "ready")


def _clear(rig: Rig) -> None:
    """Removes all that a rig has, and what one of the same number left that was killed."""
    rig.registry.stop()
    for node in rig.nodes:
        node.kill_daemon()
    end_processes(rig.site.folder, rig.site.name)
    for node in _nodes(rig.site, MOST_NODES, ()):
        node.remove()
    rig.site.remove()
    unmount_below(rig.site.folder)
    remove_cgroups(rig.site.name)
    rmtree(rig.site.folder, ignore_errors=True)


def _label(node: DockerNode, label: str, value: str) -> bool:
    """Empty takes it away. False where the manager has written something about the node since, so that it must be
    read again."""
    node.reload()
    spec = node.attrs["Spec"]
    labels = {name: text for name, text in {**spec.get("Labels", {}), label: value}.items() if text}
    try:
        return labels == spec.get("Labels", {}) or bool(node.update({**spec, "Labels": labels}))
    except docker.errors.APIError as error:
        if "out of sequence" not in str(error):
            raise
        return False


def _until(look: Callable[[], bool], what: str, within: float = 60) -> None:
    give_up = time.monotonic() + within
    while not look():
        if time.monotonic() > give_up:
            raise RuntimeError(f"not within {within} s: {what}")
        time.sleep(0.05)
