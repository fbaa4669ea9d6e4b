"""One node's own Docker: its images, and what the containers on it use. For the agent that runs there."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from docker.errors import DockerException, NotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

import docker
from jobs.engines import gpus
from jobs.engines.base import EngineError, Usage
from jobs.engines.swarm_images import pull
from jobs.engines.swarm_service import LABEL


class NodeDocker:
    """Every call gives up when Docker says nothing for ERA_STAGING_STALL_SECONDS, however long all of it takes.

    `host` is this node's Docker, ERA_DOCKER_HOST unless given.
    """

    def __init__(self, host: str = "") -> None:
        self._host = host or settings.ERA_DOCKER_HOST

    @cached_property
    def _docker(self) -> docker.DockerClient:
        with _told():
            seconds = settings.ERA_STAGING_STALL_SECONDS
            return docker.DockerClient(base_url=self._host, version="auto", timeout=seconds)

    def name(self) -> str:
        """As the Swarm calls this node."""
        with _told():
            return str(self._docker.info()["Name"])

    def bring(self, image: str) -> None:
        """See to it that the node has the image. While bytes come it may take as long as it will."""
        with _told():
            pull(self._docker, image)

    def free_for_images(self) -> int | None:
        """Bytes; None where the folder of this node's Docker can't be seen from here."""
        with _told():
            folder = Path(self._docker.info()["DockerRootDir"])
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return None

    def usages(self) -> dict[str, Usage]:
        """What each instance that runs on this node uses now."""
        with _told():
            containers = self._docker.containers.list(filters={"label": LABEL}, ignore_removed=True)
            known = gpus.look()
            found: dict[str, list[Usage]] = defaultdict(list)
            for one in containers:
                if usage := _usage(one, known):
                    found[one.labels[LABEL]].append(usage)
        return {name: _together(usages) for name, usages in found.items()}


def _usage(container: Any, known: list[gpus.Gpu]) -> Usage | None:
    try:
        stats: Any = container.stats(stream=False, one_shot=True)
    except NotFound:
        return None
    if not stats.get("memory_stats", {}).get("usage"):
        return None
    own = gpus.given_to(container.attrs["Config"]["Env"] or [], known)
    return Usage(
        stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
        stats["memory_stats"]["usage"],
        sum(gpu.percent for gpu in own) / len(own) if own else None,
        sum(gpu.memory_bytes for gpu in own) if own else None,
        containers=(container.id,),
    )


def _together(usages: list[Usage]) -> Usage:
    """Of several containers of one instance, each with an equal part of it."""
    percents = [one.gpu_percent for one in usages if one.gpu_percent is not None]
    memories = [one.gpu_memory_bytes for one in usages if one.gpu_memory_bytes is not None]
    return Usage(
        sum(one.cpu_seconds for one in usages),
        sum(one.memory_bytes for one in usages),
        sum(percents) / len(percents) if percents else None,
        sum(memories) if memories else None,
        containers=tuple(container for one in usages for container in one.containers),
    )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (RequestException, HTTPError, TimeoutError) as error:
        seconds = settings.ERA_STAGING_STALL_SECONDS
        raise EngineError(f"Docker said nothing for {seconds} s, or can't be reached: {error}") from error
    except DockerException as error:
        raise EngineError(f"This node's Docker: {error}") from error
