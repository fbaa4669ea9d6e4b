"""Runs instances on a Docker Swarm: production's engine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

import docker
from era_platform.common import clock
from jobs.engines import folders
from jobs.engines.attempt import AttemptFolder, as_told
from jobs.engines.base import Capacity, EngineError, Instance, InstanceSpec, Phase, Usage
from jobs.engines.swarm_images import full_name, pull, reference
from jobs.engines.swarm_service import INPUT, LABEL, OUTPUT, POOL_LABEL, service

SECONDS = 20  # for one call to Docker
NODES_SECONDS = 1  # how long what the manager said of its nodes is good for
SETTLING = timedelta(seconds=5)  # until what a container wrote last shows on all machines of a network storage
_ENDED = {"complete", "failed", "shutdown", "rejected", "orphaned", "remove"}


class SwarmEngine:
    name = "swarm"

    def __init__(self) -> None:
        self._seen: tuple[float, dict[str, str]] = float("-inf"), {}  # when, and the nodes' states

    @cached_property
    def _docker(self) -> docker.DockerClient:
        return docker.DockerClient(base_url=settings.ERA_DOCKER_HOST, version="auto", timeout=SECONDS)

    def check_image(self, image: str) -> str:
        with _engine_errors():
            return full_name(self._docker, image)

    def stage(self, spec: InstanceSpec) -> None:
        folders.make_ready(spec)
        with _engine_errors():
            pull(self._docker, spec.image)

    def create(self, spec: InstanceSpec) -> None:
        env = {**spec.env, "ERA_INPUT_DIR": INPUT, "ERA_OUTPUT_DIR": OUTPUT}
        AttemptFolder(spec.attempt).prepare(env)
        folders.list_instance(spec.name, spec.attempt)
        with _engine_errors():
            try:
                wanted = service(spec, reference(self._docker, spec.image), placed=self._nodes_have_pools())
                self._docker.api.create_service(**wanted)  # type: ignore[no-untyped-call]
            except APIError as error:
                if error.status_code != 409:  # there is one of this name: ours, for names are
                    raise

    def start(self, spec: InstanceSpec) -> None:
        self.create(spec)
        AttemptFolder(spec.attempt).say("go")

    def inspect(self, name: str, attempt: Path) -> Instance:
        folder = AttemptFolder(attempt)
        if not folders.is_listed(name):
            return Instance(name, Phase.ABSENT)
        task = None if folder.ended() else self._task(name)
        started, ended = folder.started(), folder.ended()
        begun = started.at if started else None
        if ended:
            return as_told(name, started, ended)
        if task is None:
            return _without_task(name, folder, begun)
        if self._is_down(task.get("NodeID", "")):
            return Instance(name, Phase.LOST, begun, detail="Its node is down.")
        return _from_task(name, task["Status"], begun)

    def terminate(self, name: str, attempt: Path, grace_seconds: float) -> None:
        if folders.is_listed(name):
            AttemptFolder(attempt).say(f"stop {grace_seconds:f}")

    def delete(self, name: str, attempt: Path) -> None:
        if folders.is_listed(name) and attempt.exists():
            AttemptFolder(attempt).say("stop 0")
        with _engine_errors(), suppress(NotFound):
            self._docker.api.remove_service(name)  # type: ignore[no-untyped-call]
        folders.unlist_instance(name)

    def create_volume(self, name: str) -> Path:
        return folders.create_volume(name)

    def delete_volume(self, name: str) -> None:
        folders.delete_volume(name)

    def capacity(self) -> list[Capacity]:
        with _engine_errors():
            return [_capacity(node.attrs) for node in self._docker.nodes.list()]

    def sample(self, name: str, attempt: Path) -> Usage | None:
        """Only where the container runs on the machine that ERA_DOCKER_HOST names: a manager knows no more."""
        with _engine_errors():
            found = self._docker.containers.list(filters={"label": f"{LABEL}={name}"})
            try:
                stats: Any = found[0].stats(stream=False, one_shot=True) if found else {}
            except NotFound:
                return None
        if not stats.get("memory_stats", {}).get("usage"):
            return None
        return Usage(stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, stats["memory_stats"]["usage"])

    def instances(self) -> list[str]:
        with _engine_errors():
            services = self._docker.services.list(filters={"label": LABEL})
            return sorted(found.name for found in services)

    def _nodes_have_pools(self) -> bool:
        """As soon as one node is given to a pool, all pools' jobs run on their own nodes only."""
        return any(POOL_LABEL in node.attrs["Spec"].get("Labels", {}) for node in self._docker.nodes.list())

    def _is_down(self, node_id: str) -> bool:
        """Whether the manager has lost the node: it goes on showing what ran there as running."""
        seen_at, states = self._seen
        if time.monotonic() - seen_at > NODES_SECONDS:
            with _engine_errors():
                states = {str(node.id): node.attrs["Status"]["State"] for node in self._docker.nodes.list()}
            self._seen = time.monotonic(), states
        return bool(node_id) and states.get(node_id, "down") == "down"

    def _task(self, name: str) -> dict[str, Any] | None:
        """The service's newest task; None where there is no such service, or it has none yet."""
        with _engine_errors():
            tasks: list[dict[str, Any]] = self._docker.api.tasks(  # type: ignore[no-untyped-call]
                filters={"label": f"{LABEL}={name}"}
            )
        return max(tasks, key=lambda task: str(task["CreatedAt"]), default=None)


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise EngineError(f"Docker refused: {error.explanation or error}") from error
    except (DockerException, RequestException) as error:
        raise EngineError(f"Docker can't be reached at {settings.ERA_DOCKER_HOST}: {error}") from error


def _without_task(name: str, folder: AttemptFolder, begun: datetime | None) -> Instance:
    if begun is None and clock.now() - folder.said_at() < SETTLING:
        return Instance(name, Phase.CREATED)
    return Instance(name, Phase.LOST, begun, detail="Docker has no such service any more.")


def _from_task(name: str, status: dict[str, Any], begun: datetime | None) -> Instance:
    detail = str(status.get("Err") or status.get("Message") or "")
    if status["State"] not in _ENDED:
        return Instance(name, Phase.RUNNING if begun else Phase.CREATED, begun, detail=detail)
    if status["State"] != "rejected" and clock.now() - _moment(status["Timestamp"]) < SETTLING:
        return Instance(name, Phase.RUNNING if begun else Phase.CREATED, begun, detail=detail)
    return Instance(name, Phase.LOST, begun, detail=detail)


def _moment(text: str) -> datetime:
    # Docker writes nanoseconds, and drops trailing zeros.
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")


def _capacity(node: dict[str, Any]) -> Capacity:
    resources = node["Description"]["Resources"]
    state, availability = node["Status"]["State"], node["Spec"]["Availability"]
    available = state == "ready" and availability == "active"
    return Capacity(
        node["Description"]["Hostname"],
        resources["NanoCPUs"] / 10**9,
        resources["MemoryBytes"] // 2**20,
        sum(_gpus(generic) for generic in resources.get("GenericResources") or ()),
        available,
        (node["Spec"].get("Labels") or {}).get(POOL_LABEL, ""),
        "" if available else availability if state == "ready" else state,
    )


def _gpus(generic: dict[str, Any]) -> int:
    """Named ones count one each (`NVIDIA-GPU=gpu0`); others come as a number."""
    for kind, count in (("NamedResourceSpec", 1), ("DiscreteResourceSpec", None)):
        found = generic.get(kind)
        if found and found["Kind"] == settings.ERA_GPU_RESOURCE:
            return count or int(found["Value"])
    return 0
