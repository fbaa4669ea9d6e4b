"""How the runner is called: the program, and the part of its command line that both engines share."""

import math
from pathlib import Path

from django.conf import settings

from jobs.engines.base import EngineError, InstanceSpec

# Where an instance that sees nothing else of the machine finds its folders.
CODE, INPUT, OUTPUT, PREVIOUS = "/era/code", "/era/input", "/era/output", "/era/previous"


def folder_names(spec: InstanceSpec, inputs: str, outputs: str, previous: str) -> dict[str, str]:
    """What tells a job where its folders are. The last one only where there was an attempt before."""
    told = {"ERA_INPUT_DIR": inputs, "ERA_OUTPUT_DIR": outputs}
    return told | ({"ERA_PREVIOUS_OUTPUT_DIR": previous} if spec.previous else {})


def runner() -> Path:
    """The program. Raises EngineError where it is not built."""
    program: Path = settings.ERA_RUNNER
    if not program.is_file():
        raise EngineError(f"The runner of jobs is not built: there is no {program}. Run: make install")
    return program


def timing(spec: InstanceSpec) -> list[str]:
    """When it asks the job to stop, and when it makes it; so that this needs no platform."""
    return ["--stop-at", f"{spec.stop_at.timestamp():.6f}", "--end-at", f"{spec.end_at.timestamp():.6f}"]


def thread_counts(cpus: float) -> dict[str, str]:
    """Numeric libraries start as many threads as the machine has cores, unless told otherwise."""
    count = str(max(1, math.ceil(cpus)))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS", "LOKY_MAX_CPU_COUNT")
    return dict.fromkeys(names, count)


def plain_environment(cpus: float) -> dict[str, str]:
    """What every job finds set. Python's output unbuffered, so that a log is live without the job's doing."""
    return {
        "HOME": "/tmp",
        "USER": "era",
        "LOGNAME": "era",
        "PYTHONUNBUFFERED": "1",
        **thread_counts(cpus),
    }
