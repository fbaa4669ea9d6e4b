"""What Docker Swarm is asked for: one attempt of a job as a replicated-job service."""

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
    Mount,
    Placement,
    Resources,
    RestartPolicy,
    ServiceMode,
    TaskTemplate,
)

from era_platform.common import storage
from jobs.engines.base import EngineError, InstanceSpec
from jobs.engines.folders import job_user
from jobs.engines.runner_command import CODE, INPUT, OUTPUT, PREVIOUS, plain_environment, runner, timing
from jobs.engines.swarm_nodes import POOL_LABEL

# The attempt's folder lies in one that the runner closes to the job.
PRIVATE, ATTEMPT, RUNNER = "/era/private", "/era/private/attempt", "/era/runner"
LABEL = "era.instance"
STOP_SECONDS = 5  # between TERM and KILL where Docker itself ends the container, as when it goes down


def service(spec: InstanceSpec, image: str, *, placed: bool) -> dict[str, Any]:
    """The arguments of `create_service`. `image` is how the nodes find it; `placed` where nodes belong to pools."""
    return {
        "name": spec.name,
        "labels": {**spec.labels, LABEL: spec.name, POOL_LABEL: spec.pool},
        "mode": ServiceMode("replicated-job", replicas=1, concurrency=1),
        "task_template": TaskTemplate(
            container_spec=_container(spec, image),
            resources=_resources(spec),
            restart_policy=RestartPolicy(condition="none"),
            placement=Placement(constraints=[f"node.labels.{POOL_LABEL}=={spec.pool}"]) if placed else None,
            log_driver=DriverConfig("json-file", {"max-size": "1m"}),  # the runner's own complaints only
        ),
    }


def _container(spec: InstanceSpec, image: str) -> ContainerSpec:
    return ContainerSpec(
        image,
        command=_command(spec),
        env=[f"{name}={value}" for name, value in plain_environment(spec.cpus).items()],
        labels={LABEL: spec.name},
        mounts=_mounts(spec),
        # The runner needs root for nothing but to become the job's user, for good, and to signal it.
        user="0:0",
        cap_drop=["ALL"],
        cap_add=["SETUID", "SETGID", "SETPCAP", "KILL"],
        init=False,
        stop_grace_period=(STOP_SECONDS + 5) * 10**9,
    )


def _command(spec: InstanceSpec) -> list[str]:
    uid, gid = map(str, job_user(spec.organization_id))
    options = ["--attempt", ATTEMPT, "--hide", PRIVATE, "--wait", "--user", uid, gid, "--directory", CODE]
    return [RUNNER, *options, "--grace", str(STOP_SECONDS), *timing(spec), "--", *spec.command]


def _mounts(spec: InstanceSpec) -> list[Mount]:
    return [
        Mount(CODE, str(spec.code), "bind"),
        Mount(INPUT, str(spec.inputs), "bind", read_only=True),
        Mount(OUTPUT, str(spec.outputs), "bind"),
        *([Mount(PREVIOUS, str(spec.previous), "bind", read_only=True)] if spec.previous else []),
        Mount(ATTEMPT, str(spec.attempt), "bind"),
        Mount(RUNNER, str(_shared_runner()), "bind", read_only=True),
        # Docker's 64 MiB are too little for the shared memory of data loaders; it counts as the job's memory.
        Mount("/dev/shm", None, "tmpfs", tmpfs_size=spec.memory_mib * 2**20, tmpfs_mode=0o1777),
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
    resources["Limits"]["Pids"] = settings.ERA_JOB_MAX_PROCESSES
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
