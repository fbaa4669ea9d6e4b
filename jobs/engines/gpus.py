"""What the GPUs of this machine do now, by nvidia-smi, and which of them an instance was given."""

import shutil
import subprocess
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

QUERY = "--query-gpu=index,uuid,utilization.gpu,memory.used"
SECONDS = 10


class Gpu(NamedTuple):
    number: str
    uuid: str
    percent: float
    memory_bytes: int


def look() -> list[Gpu]:
    """All of them; none where there is no nvidia-smi, or it can't tell."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", QUERY, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return list(parse(done.stdout.splitlines())) if done.returncode == 0 else []


def parse(lines: Iterable[str]) -> Iterable[Gpu]:
    """Lines like `0, GPU-4ba3…, 97, 31245`, the memory in MiB. What a GPU can't tell (`[N/A]`) leaves it out."""
    for line in lines:
        number, uuid, percent, mebibytes = (part.strip() for part in line.split(","))
        if percent.isdecimal() and mebibytes.isdecimal():
            yield Gpu(number, uuid, float(percent), int(mebibytes) * 2**20)


def given_to(environment: Iterable[str], known: Iterable[Gpu]) -> list[Gpu]:
    """Those that the Swarm named to a container: by the beginning of the UUID, as `GPU-4ba3`, or by number."""
    name = f"DOCKER_RESOURCE_{settings.ERA_GPU_RESOURCE.upper()}="
    values = (line.partition("=")[2].split(",") for line in environment if line.upper().startswith(name))
    named = {value.strip() for several in values for value in several if value.strip()}
    return [gpu for gpu in known if any(gpu.number == each or gpu.uuid.startswith(each) for each in named)]
