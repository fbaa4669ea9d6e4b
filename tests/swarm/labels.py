"""The labels of a Swarm's nodes, set such that what is placed afterwards is judged by them.

Swarm's manager judges tasks that run by the state of their node at each change of it, and it does so later, from a
queue: a task that was placed by a new label is rejected ("assigned node no longer meets constraints") when the queue
still holds a state of the node without it. So `set_labels` has it reject a probe by the same change, on each node:
when it has, it is through with all that was before.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from uuid import uuid4

from docker.models.nodes import Node
from docker.models.services import Service
from docker.types import Resources, RestartPolicy

import docker

POOL = "era.pool"
PROBE = "era.probe"
STAYS = 6.0
"""Seconds."""


def set_labels(client: docker.DockerClient, image: str, pools: dict[str, str]) -> None:
    """Label the nodes, by host name, with their pools; a node that is not named has none. `image` is for the probes:
    each node can have it, and it has `sleep`."""
    changed = labelled_otherwise(client, pools)
    token = uuid4().hex
    with _probes(client, image, changed, token) as probes:
        for probe in probes:
            until(partial(_has, probe, "running"), f"a probe to run: {probe.tasks()}")
        for node in changed:
            until(partial(_label, node, pools.get(_name(node), ""), token), f"a label on {_name(node)}")
        for probe in probes:
            until(partial(_has, probe, "rejected"), f"a probe to be rejected: {probe.tasks()}")


def wait_until_tasks_stay(client: docker.DockerClient, image: str) -> None:
    """In its first seconds a Swarm has been seen to reject what ran already, for labels that it had: until something
    like a job stays on each node that has a pool."""
    nodes = [node for node in client.nodes.list() if _pool(node)]
    until(lambda: _stay(client, image, nodes), "tasks that stay where they were placed", within=120)


def _stay(client: docker.DockerClient, image: str, nodes: list[Node]) -> bool:
    wanted = {node: [f"node.id=={node.id}", f"node.labels.{POOL}=={_pool(node)}"] for node in nodes}
    with _services(client, image, wanted, Resources(cpu_reservation=10**9)) as probes:
        until(lambda: all(probe.tasks() for probe in probes), "tasks")
        give_up = time.monotonic() + STAYS
        while time.monotonic() < give_up or not all(_has(probe, "running") for probe in probes):
            if any(_has(probe, "rejected") for probe in probes):
                return False
            time.sleep(0.05)
    return True


def labelled_otherwise(client: docker.DockerClient, pools: dict[str, str]) -> list[Node]:
    """The nodes whose pool is another than the one they should have."""
    return [node for node in client.nodes.list() if _pool(node) != pools.get(_name(node), "")]


def until(look: Callable[[], bool], what: str, within: float = 60) -> None:
    """Waits; RuntimeError after so many seconds."""
    give_up = time.monotonic() + within
    while not look():
        if time.monotonic() > give_up:
            raise RuntimeError(f"not within {within} s: {what}")
        time.sleep(0.05)


@contextmanager
def _probes(client: docker.DockerClient, image: str, nodes: list[Node], token: str) -> Iterator[list[Service]]:
    """A service on each node, which only a label with this token forbids: the states of before all allow it."""
    wanted = {node: [f"node.id=={node.id}", f"node.labels.{PROBE}!={token}"] for node in nodes}
    with _services(client, image, wanted, Resources()) as made:
        yield made


@contextmanager
def _services(
    client: docker.DockerClient, image: str, wanted: dict[Node, list[str]], resources: Resources
) -> Iterator[list[Service]]:
    """One that sleeps on each node, with these constraints; it is not started again."""
    made: list[Service] = []
    policy, token = RestartPolicy(condition="none"), uuid4().hex
    try:
        for node, constraints in wanted.items():
            made.append(
                client.services.create(
                    image,
                    ["sleep", "600"],
                    name=f"probe-{token[:12]}-{_name(node)}",
                    constraints=constraints,
                    restart_policy=policy,
                    resources=resources,
                )
            )
        yield made
    finally:
        for probe in made:
            with suppress(docker.errors.NotFound):
                probe.remove()


def _has(probe: Service, state: str) -> bool:
    return any(task["Status"]["State"] == state for task in probe.tasks())


def _label(node: Node, pool: str, token: str) -> bool:
    """False where the manager has written something about the node since, so that it must be read again."""
    node.reload()
    spec = node.attrs["Spec"]
    labels = {**spec.get("Labels", {}), POOL: pool, PROBE: token}
    try:
        return bool(node.update({**spec, "Labels": {name: value for name, value in labels.items() if value}}))
    except docker.errors.APIError as error:
        if "out of sequence" not in str(error):
            raise
        return False


def _name(node: Node) -> str:
    return str(node.attrs["Description"]["Hostname"])


def _pool(node: Node) -> str:
    return str(node.attrs["Spec"].get("Labels", {}).get(POOL, ""))
