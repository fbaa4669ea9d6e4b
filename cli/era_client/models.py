"""What the platform tells, as values: money in credits (Decimal), times with a zone, durations in seconds, sizes in
bytes. `raw` is the answer as it came."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

OVER = frozenset({"rejected", "succeeded", "failed", "timed_out", "cancelled"})
"""States that a job doesn't leave."""

Raw = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """What an archive of code may be: bytes packed, bytes unpacked, and files."""

    code_bytes: int = 64 * 1024 * 1024
    code_unpacked_bytes: int = 1024 * 1024 * 1024
    code_files: int = 20_000


@dataclass(frozen=True)
class Me:
    """Who the token speaks for, in which organization and in which role."""

    user: str
    organization: str
    organization_name: str
    role: str
    token: str
    limits: Limits = Limits()
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Unit:
    """What one unit of a pool is."""

    cpus: float
    memory_mib: int
    gpus: int


@dataclass(frozen=True)
class Pool:
    slug: str
    name: str
    is_open: bool
    units: int
    unit: Unit
    slot_seconds: int
    horizon_slots: int
    floor_price: Decimal
    list_price: Decimal
    ceiling_price: Decimal
    closed_reason: str = ""
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Alternative:
    """What would be accepted instead: all as asked but for what `kind` names."""

    kind: str
    units: int
    value: Decimal | None
    deadline: datetime
    price: Decimal
    start: datetime
    end: datetime
    duration: int | None = None


@dataclass(frozen=True)
class Choice:
    """A start that can be had: `earliest`, `knee` or `cheapest`."""

    kind: str
    units: int
    duration: int
    price: Decimal
    start: datetime
    end: datetime
    saving_percent: float


@dataclass(frozen=True)
class Quote:
    """An answer that binds nobody."""

    accepted: bool
    reason: str | None
    price: Decimal | None
    start: datetime | None
    end: datetime | None
    units: int
    duration: int
    menu: tuple[Choice, ...]
    alternatives: tuple[Alternative, ...]
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Job:
    """A job; what only lists leave out has a default."""

    id: str
    name: str
    state: str
    reason: str
    pool: str
    units: int
    duration: int
    deadline: datetime
    value: Decimal
    price: Decimal | None
    paid: Decimal | None
    start: datetime | None
    end: datetime | None
    submitted_at: datetime
    submitted_by: str
    started_at: datetime | None
    finished_at: datetime | None
    exit_code: int | None
    attempt: int
    image: str = ""
    command: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    raw: Raw = field(default_factory=dict, repr=False)

    @property
    def is_over(self) -> bool:
        return self.state in OVER


@dataclass(frozen=True)
class Outcome:
    """What came of one request of a batch."""

    index: int
    id: str
    state: str
    reason: str
    price: Decimal | None
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Batch:
    id: str
    name: str
    size: int
    accepted: int
    refused: int
    price: Decimal
    results: tuple[Outcome, ...]
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class OutputFile:
    path: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Dataset:
    """`reference` is `organization/name`; `latest` is None until something is published."""

    reference: str
    owner: str
    name: str
    description: str
    licence: str
    tags: tuple[str, ...]
    visibility: str
    latest: int | None
    files: int | None
    size: int | None
    updated_at: datetime
    raw: Raw = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Version:
    """`number` is None for a draft; `sha256` is that of its manifest, empty for a draft."""

    id: str
    number: int | None
    state: str
    note: str
    files: int
    size: int
    sha256: str
    created_at: datetime
    published_at: datetime | None
    raw: Raw = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        return str(self.number) if self.number is not None else self.id


@dataclass(frozen=True)
class DatasetFile:
    path: str
    size: int
    sha256: str
