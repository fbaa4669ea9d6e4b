"""Runs instances on a Docker Swarm: production's engine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

import docker
from era_platform.common import clock
from jobs.engines import folders, ranks, swarm_networks
from jobs.engines.attempt import AttemptFolder, as_told
from jobs.engines.base import Capacity, EngineError, Instance, InstanceSpec, Phase, Usage
from jobs.engines.runner_command import INPUT, OUTPUT, PREVIOUS, folder_names
from jobs.engines.swarm_images import full_name, pull, reference
from jobs.engines.swarm_nodes import Nodes, capacity_of
from jobs.engines.swarm_service import LABEL, MEMBER, service
from jobs.engines.swarm_times import moment

ALL_SECONDS = 3  # for which a start waits until all nodes of a job are there, before it is tried again
SECONDS = 20  # for one call to Docker
SETTLING = timedelta(seconds=5)  # until what a container wrote last shows on all machines of a network storage
_ENDED = {"complete", "failed", "shutdown", "rejected", "orphaned", "remove"}


class SwarmEngine:
    name = "swarm"

    @cached_property
    def _docker(self) -> docker.DockerClient:
        return docker.DockerClient(base_url=settings.ERA_DOCKER_HOST, version="auto", timeout=SECONDS)

    @cached_property
    def _nodes(self) -> Nodes:
        return Nodes(self._docker)

    @cached_property
    def _own_node(self) -> str:
        return str(self._docker.info()["Name"])

    def check_image(self, image: str) -> str:
        with _engine_errors():
            return full_name(self._docker, image)

    def stage(self, spec: InstanceSpec) -> None:
        folders.make_ready(spec)
        with _engine_errors():
            pull(self._docker, spec.image)

    def create(self, spec: InstanceSpec) -> None:
        folders.make_outputs(spec)
        env = {**spec.env, **folder_names(spec, INPUT, OUTPUT, PREVIOUS), **ranks.told(spec, master=spec.name)}
        AttemptFolder(spec.attempt).prepare(env, spec.nodes)
        folders.list_instance(spec.name, spec.attempt)
        with _engine_errors():
            image, placed, networks = (
                reference(self._docker, spec.image),
                self._nodes.have_pools(),
                self._networks(spec),
            )
            for rank in range(spec.nodes):
                try:
                    wanted = service(spec, rank, image, placed=placed, networks=networks)
                    self._docker.api.create_service(**wanted)  # type: ignore[no-untyped-call]
                except APIError as error:
                    if error.status_code != 409:  # there is one of this name: ours, for names are
                        raise

    def start(self, spec: InstanceSpec) -> None:
        """Of several none begins before all are there; raises EngineError until then."""
        self.create(spec)
        if spec.nodes > 1:
            self._await_all(spec)
        AttemptFolder(spec.attempt).say("go")

    def inspect(self, name: str, attempt: Path) -> Instance:
        if not folders.is_listed(name):
            return Instance(name, Phase.ABSENT)
        members = AttemptFolder(attempt).ranks()
        names = ranks.member_names(name, len(members))
        seen = [self._inspect(*member) for member in zip(names, members, strict=True)]
        return seen[0] if len(seen) == 1 else ranks.together(name, seen)

    def _inspect(self, name: str, folder: AttemptFolder) -> Instance:
        task = None if folder.ended() else self._task(name)
        started, ended = folder.started(), folder.ended()
        begun = started.at if started else None
        if ended:
            return self._located_if_known(as_told(name, started, ended))
        if task is None:
            return _without_task(name, folder, begun)
        found = self._on_lost_node(name, task, begun) or _from_task(name, task["Status"], begun)
        return self._located(found, task)

    def _on_lost_node(self, name: str, task: dict[str, Any], begun: datetime | None) -> Instance | None:
        """Lost where its node is down: a task stays `running` in the manager's books there, and for hours."""
        with _engine_errors():
            if not self._nodes.down(task.get("NodeID", "")):
                return None
            return Instance(name, Phase.LOST, begun, detail=f"Its node is down: {self._nodes.name(task['NodeID'])}.")

    def _located(self, instance: Instance, task: dict[str, Any]) -> Instance:
        """With its node and container."""
        container = (task["Status"].get("ContainerStatus") or {}).get("ContainerID")
        with _engine_errors():
            nodes = (self._nodes.name(task["NodeID"]),) if task.get("NodeID") else ()
        return replace(instance, nodes=nodes, containers=(container,) if container else ())

    def _located_if_known(self, instance: Instance) -> Instance:
        """How one ended is known without Docker, and must not wait for it."""
        with suppress(EngineError):
            task = self._task(instance.name)
            return self._located(instance, task) if task else instance
        return instance

    def terminate(self, name: str, attempt: Path, grace_seconds: float) -> None:
        if folders.is_listed(name):
            AttemptFolder(attempt).say(f"stop {grace_seconds:f}")

    def delete(self, name: str, attempt: Path) -> None:
        if folders.is_listed(name) and attempt.exists():
            AttemptFolder(attempt).say("stop 0")
        nodes = len(AttemptFolder(attempt).ranks())
        for member in ranks.member_names(name, nodes):
            with _engine_errors(), suppress(NotFound):
                self._docker.api.remove_service(member)  # type: ignore[no-untyped-call]
        folders.unlist_instance(name)

    def create_volume(self, name: str) -> Path:
        return folders.create_volume(name)

    def delete_volume(self, name: str) -> None:
        folders.delete_volume(name)

    def capacity(self) -> list[Capacity]:
        with _engine_errors():
            return [capacity_of(node.attrs) for node in self._docker.nodes.list()]

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
        cpu, memory = stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, stats["memory_stats"]["usage"]
        with _engine_errors():
            return Usage(cpu, memory, node=self._own_node)

    def instances(self) -> list[str]:
        with _engine_errors():
            swarm_networks.sweep(self._docker)
            services = self._docker.services.list(filters={"label": LABEL})
            return sorted({found.attrs["Spec"]["Labels"][LABEL] for found in services})

    def _networks(self, spec: InstanceSpec) -> list[str]:
        """The ids of the networks that an instance is on: its organization's, and one for those that work together."""
        names = [swarm_networks.of_organization(spec.organization_id)] if spec.network else []
        names += [swarm_networks.of_instance(spec.name)] if spec.nodes > 1 else []
        return [swarm_networks.ensure(self._docker, name) for name in names]

    def _await_all(self, spec: InstanceSpec) -> None:
        members = AttemptFolder(spec.attempt).ranks()
        give_up = time.monotonic() + ALL_SECONDS
        while waiting := [str(member.rank) for member in members if member.runner() is None]:
            if time.monotonic() > give_up:
                said = self.inspect(spec.name, spec.attempt).detail
                self._clear_rejected(spec)
                raise EngineError(f"{len(waiting)} of {spec.nodes} nodes are not there yet ({said}).")
            time.sleep(0.05)

    def _clear_rejected(self, spec: InstanceSpec) -> None:
        """Take away what ended before anything began, as when Swarm rejects what it has just placed: it makes no new
        task, and the next `create` does."""
        members = AttemptFolder(spec.attempt).ranks()
        for name, member in zip(ranks.member_names(spec.name, spec.nodes), members, strict=True):
            if member.runner() is None and self._inspect(name, member).phase is Phase.LOST:
                with _engine_errors(), suppress(NotFound):
                    self._docker.api.remove_service(name)  # type: ignore[no-untyped-call]

    def _task(self, name: str) -> dict[str, Any] | None:
        """The service's newest task; None where there is no such service, or it has none yet."""
        with _engine_errors():
            tasks: list[dict[str, Any]] = self._docker.api.tasks(  # type: ignore[no-untyped-call]
                filters={"label": f"{MEMBER}={name}"}
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
    if status["State"] != "rejected" and clock.now() - moment(status["Timestamp"]) < SETTLING:
        return Instance(name, Phase.RUNNING if begun else Phase.CREATED, begun, detail=detail)
    return Instance(name, Phase.LOST, begun, detail=detail)
