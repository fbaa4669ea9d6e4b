"""Runs instances as processes on the portal's own machine: for trying it out, and for one trusted machine."""

import os
import platform
import signal
import subprocess
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
from django.conf import settings
from django.utils.translation import gettext as _

from era_platform.common import clock
from jobs.engines import folders, ranks, sandbox
from jobs.engines.attempt import AttemptFolder, as_told
from jobs.engines.base import Capacity, EndReason, EngineError, ImageError, Instance, InstanceSpec, Phase, Usage
from jobs.engines.runner_command import INPUT, OUTPUT, PREVIOUS, folder_names, plain_environment, runner, timing

HOST = "host"
SETTLING = timedelta(seconds=5)  # how long a runner that was started may take to show
TERMINATED_CODE = 128 + signal.SIGTERM


class ProcessEngine:
    name = "process"

    def check_image(self, image: str) -> str:
        if image != HOST:
            raise ImageError(
                _("Jobs run on this machine itself here, in its own environment: the image can only be “%(host)s”.")
                % {"host": HOST}
            )
        return image

    def stage(self, spec: InstanceSpec) -> None:
        self.check_image(spec.image)
        folders.make_ready(spec)
        if _is_plain():
            folders.link_datasets(spec)

    def create(self, spec: InstanceSpec) -> None:
        self.check_image(spec.image)
        folder = AttemptFolder(spec.attempt)
        folders.make_outputs(spec)
        folder.prepare(_environment(spec), spec.nodes)
        folders.list_instance(spec.name, spec.attempt)

    def start(self, spec: InstanceSpec) -> None:
        self.create(spec)
        folder = AttemptFolder(spec.attempt)
        if spec.nodes == 1:
            folder.say("go")
        for member in folder.ranks():
            _begin(ranks.share(spec), member)
        if spec.nodes > 1:  # they wait for it
            folder.say("go")

    def inspect(self, name: str, attempt: Path) -> Instance:
        if not folders.is_listed(name):
            return Instance(name, Phase.ABSENT)
        members = AttemptFolder(attempt).ranks()
        seen = [_inspect(name, member) for member in members]
        found = seen[0] if len(seen) == 1 else ranks.together(name, seen)
        return replace(found, nodes=(platform.node(),))

    def terminate(self, name: str, attempt: Path, grace_seconds: float) -> None:
        if folders.is_listed(name):
            AttemptFolder(attempt).say(f"stop {grace_seconds:f}")

    def delete(self, name: str, attempt: Path) -> None:
        alive = [member for member in AttemptFolder(attempt).ranks() if member.runner() is not None]
        if alive:
            alive[0].say("stop 0")
        for member in alive:
            _end(member)
        folders.unlist_instance(name)

    def create_volume(self, name: str) -> Path:
        return folders.create_volume(name)

    def delete_volume(self, name: str) -> None:
        folders.delete_volume(name)

    def capacity(self) -> list[Capacity]:
        memory = psutil.virtual_memory().total // 2**20
        gpus = len(list(Path("/dev").glob("nvidia[0-9]*")))
        return [Capacity(platform.node(), float(psutil.cpu_count() or 1), memory, gpus, available=True)]

    def sample(self, name: str, attempt: Path) -> Usage | None:
        used = [_used(pid) for member in AttemptFolder(attempt).ranks() if (pid := member.runner()) and pid > 0]
        found = [one for one in used if one]
        if not found:
            return None
        cpu, memory = sum(one.cpu_seconds for one in found), sum(one.memory_bytes for one in found)
        return Usage(cpu, memory, node=platform.node())

    def instances(self) -> list[str]:
        return folders.listed_instances()


def _begin(spec: InstanceSpec, member: AttemptFolder) -> None:
    command = [str(runner()), "--attempt", str(spec.attempt), "--daemon", *_place(spec, member)]
    command += [*timing(spec), *_confinement(spec), "--", *spec.command]
    # The runner's own environment holds nothing that a tenant set: it begins as root.
    env = {"PATH": sandbox.search_path(), "LANG": "C.UTF-8", **plain_environment(spec.cpus)}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"The runner can't be started: {error}.") from error
    if done.returncode != 0:
        raise EngineError(f"The runner could not start the job: {done.stderr.strip()}.")


def _place(spec: InstanceSpec, member: AttemptFolder) -> list[str]:
    """Of several, the first makes a loopback that the others join; then all wait for the word to begin."""
    if spec.nodes == 1:
        return []
    options = ["--wait", "--rank", str(member.rank)]
    if _is_plain() or settings.ERA_JOB_NETWORK:
        return options
    if member.rank == 0:
        return [*options, "--own-network"]
    first = AttemptFolder(member.path).runner()
    if first is None:
        raise EngineError("The first of the job's processes ended before the others could join it.")
    return [*options, "--network-of", str(first)]


def _inspect(name: str, folder: AttemptFolder) -> Instance:
    # The lock is looked at before the files: a runner that goes meanwhile has written `exit`.
    supervised = folder.runner() is not None
    started, ended = folder.started(), folder.ended()
    if ended:
        return as_told(name, started, ended)
    if started:
        return Instance(name, Phase.RUNNING if supervised else Phase.LOST, started.at)
    return _not_started(name, folder, supervised)


def _environment(spec: InstanceSpec) -> dict[str, str]:
    among = ranks.told(spec, master="127.0.0.1")
    if _is_plain():
        return {**spec.env, **folder_names(spec, str(spec.inputs), str(spec.outputs), str(spec.previous)), **among}
    return {**spec.env, **folder_names(spec, INPUT, OUTPUT, PREVIOUS), **among}


def _confinement(spec: InstanceSpec) -> list[str]:
    refused = sandbox.isolation_refused()
    if refused and os.geteuid() == 0:
        raise EngineError(
            f"Jobs can't be kept apart from the platform here ({refused}). "
            "Run the platform as an ordinary user, or where it may make namespaces."
        )
    return sandbox.plain(spec) if refused else sandbox.isolated(spec)


def _is_plain() -> bool:
    return bool(sandbox.isolation_refused())


def _not_started(name: str, folder: AttemptFolder, supervised: bool) -> Instance:
    said, said_at = folder.said(), folder.said_at()
    if "stop" in said and not supervised:
        return Instance(name, Phase.EXITED, None, said_at, TERMINATED_CODE, EndReason.TERMINATED)
    if "go" in said and not supervised and clock.now() - said_at > SETTLING:
        return Instance(name, Phase.LOST, detail="The runner never came up.")
    return Instance(name, Phase.CREATED)


def _end(folder: AttemptFolder) -> None:
    """See to it that the runner is gone; it needs a fraction of a second, unless something is very wrong."""
    give_up = time.monotonic() + 5
    while (pid := folder.runner()) is not None:
        if time.monotonic() > give_up and pid > 0:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _used(runner_pid: int) -> Usage | None:
    cpu, memory = 0.0, 0
    try:
        for process in psutil.Process(runner_pid).children(recursive=True):
            with process.oneshot():
                cpu += sum(process.cpu_times()[:4])  # its own, and its dead children's
                memory += process.memory_info().rss
    except psutil.NoSuchProcess:
        return None
    return Usage(cpu, memory)
