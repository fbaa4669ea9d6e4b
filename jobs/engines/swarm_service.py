"""What Docker Swarm is asked for: one attempt of a job as a service of one task that is never started again."""

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from docker.types import (
    ContainerSpec,
    DriverConfig,
    EndpointSpec,
    Mount,
    NetworkAttachmentConfig,
    Placement,
    Resources,
    RestartPolicy,
    ServiceMode,
    TaskTemplate,
)

from era_platform.common import storage
from jobs.engines import ranks
from jobs.engines.base import EngineError, InstanceSpec
from jobs.engines.folders import job_user
from jobs.engines.runner_command import CODE, INPUT, OUTPUT, PREVIOUS, plain_environment, runner, timing
from jobs.engines.swarm_nodes import POOL_LABEL

# The attempt's folder lies in one that the runner closes to the job.
PRIVATE, ATTEMPT, RUNNER = "/era/private", "/era/private/attempt", "/era/runner"
LABEL, MEMBER = "era.instance", "era.member"
RUNNERS_CAPABILITIES = ["SETUID", "SETGID", "SETPCAP", "KILL"]
STOP_SECONDS = 5  # between TERM and KILL where Docker itself ends the container, as when it goes down


def service(whole: InstanceSpec, rank: int, image: str, *, placed: bool, networks: list[str]) -> dict[str, Any]:
    """The arguments of `create_service` for one of an instance's nodes. `image` is how the nodes find it; `placed`
    where nodes belong to pools; `networks` are the ids of those that it is on."""
    spec, name = ranks.share(whole), ranks.member_names(whole.name, whole.nodes)[rank]
    return {
        "endpoint_spec": EndpointSpec(mode="dnsrr"),  # its name stands for its container, without a balancer between
        "name": name,
        "labels": {**spec.labels, LABEL: spec.name, MEMBER: name, POOL_LABEL: spec.pool},
        "mode": ServiceMode("replicated", replicas=1),
        "task_template": TaskTemplate(
            container_spec=_container(spec, name, rank, image),
            resources=_resources(spec),
            restart_policy=RestartPolicy(condition="none"),
            placement=Placement(constraints=[f"node.labels.{POOL_LABEL}=={spec.pool}"]) if placed else None,
            networks=[NetworkAttachmentConfig(network) for network in networks],
            log_driver=DriverConfig("json-file", {"max-size": "1m"}),  # the runner's own complaints only
        ),
    }


def _container(spec: InstanceSpec, name: str, rank: int, image: str) -> ContainerSpec:
    return ContainerSpec(
        image,
        command=_command(spec, rank),
        env=[f"{name}={value}" for name, value in _environment(spec).items()],
        labels={LABEL: spec.name, MEMBER: name},
        mounts=_mounts(spec),
        # The runner needs root for nothing but to become the job's user, for good, to signal it, and to close the
        # network, which no service can be without.
        user="0:0",
        cap_drop=["ALL"],
        cap_add=RUNNERS_CAPABILITIES if _has_network(spec) else [*RUNNERS_CAPABILITIES, "NET_ADMIN"],
        read_only=True,
        init=False,
        stop_grace_period=(STOP_SECONDS + 5) * 10**9,
    )


def _has_network(spec: InstanceSpec) -> bool:
    return spec.network or spec.nodes > 1


def _command(spec: InstanceSpec, rank: int) -> list[str]:
    uid, gid = map(str, job_user(spec.organization_id))
    options = ["--attempt", ATTEMPT, "--hide", PRIVATE, "--wait", "--user", uid, gid, "--directory", CODE]
    options += [] if _has_network(spec) else ["--no-network"]
    options += ["--rank", str(rank)] if spec.nodes > 1 else []
    options += ["--gpus", settings.ERA_GPU_RESOURCE, str(spec.gpus)] if spec.gpus else []
    return [RUNNER, *options, "--grace", str(STOP_SECONDS), *timing(spec), "--", *spec.command]


def _environment(spec: InstanceSpec) -> dict[str, str]:
    """An image may ask for all GPUs: without any sold, it gets none. What was sold the runner hands on."""
    return plain_environment(spec.cpus) | ({} if spec.gpus else {"NVIDIA_VISIBLE_DEVICES": "void"})


def _mounts(spec: InstanceSpec) -> list[Mount]:
    memory = spec.memory_mib * 2**20
    return [
        Mount(CODE, str(spec.code), "bind"),
        Mount(INPUT, str(spec.inputs), "bind", read_only=True),
        *(Mount(f"{INPUT}/{one.path}", str(one.source), "bind", read_only=True) for one in spec.datasets),
        Mount(OUTPUT, str(spec.outputs), "bind"),
        *([Mount(PREVIOUS, str(spec.previous), "bind", read_only=True)] if spec.previous else []),
        Mount(PRIVATE, None, "tmpfs", tmpfs_size=2**16, tmpfs_mode=0o700),
        Mount(ATTEMPT, str(spec.attempt), "bind"),
        Mount(RUNNER, str(_shared_runner()), "bind", read_only=True),
        # What is written there counts as the job's memory. Docker's own 64 MiB would be too little for data loaders.
        Mount("/dev/shm", None, "tmpfs", tmpfs_size=memory, tmpfs_mode=0o1777),
        Mount("/tmp", None, "tmpfs", tmpfs_size=memory, tmpfs_mode=0o1777),
    ]


def _resources(spec: InstanceSpec) -> Resources:
    cpus, memory = int(spec.cpus * 10**9), spec.memory_mib * 2**20
    resources = Resources(
        cpu_limit=cpus,
        mem_limit=memory,
        cpu_reservation=cpus,
        mem_reservation=memory,
        generic_resources={settings.ERA_GPU_RESOURCE: spec.gpus} if spec.gpus else None,
    )
    resources["Limits"]["Pids"] = settings.ERA_UNIT_MAX_PROCESSES * spec.units
    return resources


def _shared_runner() -> Path:
    """The runner on the storage that all nodes have; named by its content, so that a newer one disturbs no job."""
    return _share(runner(), storage.root() / "runner")


@cache
def _share(program: Path, folder: Path) -> Path:
    try:
        target = folder / f"era-runner-{hashlib.sha256(program.read_bytes()).hexdigest()[:16]}"
        if not target.exists():
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                copy = Path(shutil.copyfile(program, Path(scratch) / "copy"))
                copy.chmod(0o555)
                os.replace(copy, target)  # noqa: PTH105
    except OSError as error:
        raise EngineError(f"The runner can't be put on the storage: {error}.") from error
    return target
