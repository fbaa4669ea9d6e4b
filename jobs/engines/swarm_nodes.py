"""The nodes of a Swarm as its manager knows them: what they have, whose they are, which are down."""

import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from docker import DockerClient
from jobs.engines.base import Capacity

POOL_LABEL = "era.pool"  # of a node: the pool whose jobs it runs
SECONDS = 1.0  # for which an answer is good enough: thousands of jobs may be looked at in one go


@dataclass
class Nodes:
    client: DockerClient
    seen_at: float = float("-inf")
    seen: list[dict[str, Any]] = field(default_factory=list)

    def all(self) -> list[dict[str, Any]]:
        if time.monotonic() - self.seen_at > SECONDS:
            self.seen = [node.attrs for node in self.client.nodes.list()]
            self.seen_at = time.monotonic()
        return self.seen

    def have_pools(self) -> bool:
        """As soon as one node is given to a pool, all pools' jobs run on their own nodes only."""
        return any(_pool(node.attrs) for node in self.client.nodes.list())

    def down(self, node_id: str) -> bool:
        """Whether the manager has given a node up, or knows it no more. What runs there may run on, out of reach."""
        alive = {node["ID"] for node in self.all() if node["Status"]["State"] != "down"}
        return bool(node_id) and node_id not in alive

    def name(self, node_id: str) -> str:
        names = (node["Description"]["Hostname"] for node in self.all() if node["ID"] == node_id)
        return str(next(names, node_id))


def capacity_of(node: dict[str, Any]) -> Capacity:
    resources = node["Description"]["Resources"]
    state, availability = node["Status"]["State"], node["Spec"]["Availability"]
    available = state == "ready" and availability == "active"
    return Capacity(
        node["Description"]["Hostname"],
        resources["NanoCPUs"] / 10**9,
        resources["MemoryBytes"] // 2**20,
        sum(_gpus(generic) for generic in resources.get("GenericResources") or ()),
        available,
        _pool(node),
        "" if available else availability if state == "ready" else state,
    )


def _pool(node: dict[str, Any]) -> str:
    return str((node["Spec"].get("Labels") or {}).get(POOL_LABEL, ""))


def _gpus(generic: dict[str, Any]) -> int:
    """Named ones count one each (`NVIDIA-GPU=gpu0`); others come as a number."""
    for kind, count in (("NamedResourceSpec", 1), ("DiscreteResourceSpec", None)):
        found = generic.get(kind)
        if found and found["Kind"] == settings.ERA_GPU_RESOURCE:
            return count or int(found["Value"])
    return 0
