"""What a job on the process engine sees and may use, as options of the runner."""

import os
import subprocess
from functools import cache
from pathlib import Path

from django.conf import settings

from jobs.engines.base import InstanceSpec
from jobs.engines.folders import job_user
from jobs.engines.runner_command import CODE, INPUT, OUTPUT, PREVIOUS, runner

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/sys/devices/system")
NICENESS = 5  # the platform goes first on its own machine
# RLIMIT_DATA counts what is set aside, used or not: stacks of threads, buffers of numeric libraries.
HEADROOM_MIB = 256


@cache
def isolation_refused() -> str:
    """Why this machine lets us make no namespaces; empty if it lets us."""
    done = subprocess.run([runner(), "--check"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def isolated(spec: InstanceSpec) -> list[str]:
    """Only system folders and the jobs' Python (read-only), and the job's own three folders."""
    options = ["--isolate", "--directory", CODE, "--tmp-size", str(_memory(spec)), *_limits(spec)]
    if settings.ERA_JOB_NETWORK:
        options.append("--network")
    for folder in (*filter(Path.exists, map(Path, _SYSTEM)), *_python_folders(settings.ERA_JOB_ENV)):
        options += ["--read-only", str(folder), str(folder)]
    for device in Path("/dev").glob("nvidia*") if spec.gpus else ():
        options += ["--device", str(device)]
    options += ["--writable", str(spec.code), CODE, "--writable", str(spec.outputs), OUTPUT]
    options += ["--read-only", str(spec.inputs), INPUT]
    for dataset in spec.datasets:
        options += ["--read-only", str(dataset.source), f"{INPUT}/{dataset.path}"]
    options += ["--read-only", str(spec.previous), PREVIOUS] if spec.previous else []
    if os.geteuid() == 0:
        user = map(str, job_user(spec.organization_id))
        options += ["--user", *user, "--process-limit", str(settings.ERA_JOB_MAX_PROCESSES)]
    return options


def plain(spec: InstanceSpec) -> list[str]:
    """Where namespaces are refused to an ordinary user: the job is that user, and sees what it sees."""
    return ["--directory", str(spec.code), *_limits(spec)]


def search_path() -> str:
    return f"{settings.ERA_JOB_ENV}/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def _memory(spec: InstanceSpec) -> int:
    return spec.memory_mib * 2**20


def _limits(spec: InstanceSpec) -> list[str]:
    return ["--data-limit", str(_memory(spec) + HEADROOM_MIB * 2**20), "--nice", str(NICENESS)]


def _python_folders(environment: Path) -> list[Path]:
    """The environment and the Python that it was made from, where these aren't among the system's folders."""
    python = environment / "bin" / "python"
    if not python.exists():
        return []
    homes = [environment, python.resolve().parent.parent]
    for line in (environment / "pyvenv.cfg").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "home":
            homes.append(Path(value.strip()).parent)
    return [home for home in dict.fromkeys(homes) if not home.is_relative_to("/usr")]
