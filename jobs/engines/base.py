"""The cloud interface: what the platform asks of whatever runs instances."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Phase(StrEnum):
    """Where an instance is. `absent`: never created, or deleted. `lost`: it was there and ended without a trace."""

    ABSENT = "absent"
    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"
    LOST = "lost"


class EndReason(StrEnum):
    """Why an instance ended: by itself, because it was told to, because its slot was over, or because its
    machine went down (it is `lost` then, though it could still say so)."""

    EXITED = "exited"
    TERMINATED = "terminated"
    DEADLINE = "deadline"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class ReadOnly:
    """A folder of the platform's storage that a job may read as `path` in its ERA_INPUT_DIR, and never change."""

    path: str
    source: Path


@dataclass(frozen=True)
class InstanceSpec:
    """All that is needed to make one instance. Paths are on the platform's storage.

    `cpus`, `memory_mib` and `gpus` are the whole instance's. The engine adds to `env` what only it knows:
    ERA_INPUT_DIR, ERA_OUTPUT_DIR and ERA_PREVIOUS_OUTPUT_DIR.

    `code` and `inputs` are the job's folders, `outputs` is this attempt's, and `previous` that of the attempt before,
    which this one may read; `attempt` is the folder to which the runner writes `log`, `started`, `exit` and its
    lock, and which the job itself can't enter.
    """

    name: str
    image: str
    command: tuple[str, ...]
    env: dict[str, str]
    organization_id: int
    pool: str
    units: int
    cpus: float
    memory_mib: int
    gpus: int
    code: Path
    inputs: Path
    outputs: Path
    attempt: Path
    stop_at: datetime  # TERM is sent now …
    end_at: datetime  # … and KILL now: the end of the slot
    previous: Path | None = None
    network: bool = False  # whether it may talk to other jobs of its organization
    nodes: int = 1  # machines that its units are split over
    labels: dict[str, str] = field(default_factory=dict)
    datasets: tuple[ReadOnly, ...] = ()


@dataclass(frozen=True)
class Instance:
    """What an engine knows of an instance. `exit_code` is 128 + n where signal n ended it; `reason` is
    there where the runner told it; `detail` says why it waits or was lost, in the engine's words. `nodes` are those
    that it is or was on, by rank, and `containers` the ids of those it ran in, as far as the engine can tell."""

    name: str
    phase: Phase
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    reason: EndReason | None = None
    detail: str = ""
    nodes: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Usage:
    """CPU seconds since the instance began, and bytes of memory it has now; the same of its GPUs, where it has some
    and somebody can tell: how much they were used just now in percent, and the memory of all of them together. `node`
    is where it was seen, `containers` are the ids of those in which."""

    cpu_seconds: float
    memory_bytes: int
    gpu_percent: float | None = None
    gpu_memory_bytes: int | None = None
    node: str = ""
    containers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Capacity:
    """What one node has; `available` is false where it can take no instances now, and `why` says why not.

    `pool` is the one whose instances it takes (its label), empty where it has none.
    """

    node: str
    cpus: float
    memory_mib: int
    gpus: int
    available: bool
    pool: str = ""
    why: str = ""


class EngineError(Exception):
    """The engine could not do it, for a reason of its own (not the job's); it may be tried again."""


class ImageError(EngineError):
    """The image can't be had: its name is wrong, or nobody has it."""


class Engine(Protocol):
    """Every call may be repeated: creating, starting, terminating or deleting twice is the same as once."""

    name: str

    def check_image(self, image: str) -> str:
        """The image's name in full, with its digest if it has one. Raises ImageError saying what would be taken."""

    def stage(self, spec: InstanceSpec) -> None:
        """Make everything ready that takes time: pull the image, hand the folders to the job's user."""

    def create(self, spec: InstanceSpec) -> None:
        """Make the instance without letting the job's command begin."""

    def start(self, spec: InstanceSpec) -> None:
        """Let the job's command begin. With `create` before it."""

    def inspect(self, name: str, attempt: Path) -> Instance: ...

    def terminate(self, name: str, attempt: Path, grace_seconds: float) -> None:
        """Ask it to stop (TERM), and kill it after `grace_seconds`. Returns at once."""

    def delete(self, name: str, attempt: Path) -> None:
        """Remove the instance, killing it if need be; the attempt's log and exit code stay."""

    def create_volume(self, name: str) -> Path: ...

    def delete_volume(self, name: str) -> None: ...

    def capacity(self) -> list[Capacity]: ...

    def sample(self, name: str, attempt: Path) -> Usage | None:
        """What it uses now; None if it doesn't run."""

    def instances(self) -> list[str]:
        """The names of all instances of ours that are there, alive or ended."""
