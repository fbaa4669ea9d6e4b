"""What goes into a transfer and what comes out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext


@dataclass(frozen=True)
class Server:
    """A portal, such as `https://era.example.org`, and the token that speaks for somebody there."""

    url: str
    token: str = field(repr=False)
    ssl: SSLContext | None = None


@dataclass(frozen=True)
class LocalFile:
    """`path` is its name in the dataset, with forward slashes; `source` is where it is here."""

    path: str
    source: Path
    size: int


@dataclass(frozen=True)
class RemoteFile:
    path: str
    size: int
    sha256: str


@dataclass
class Progress:
    """How far it is. `sent` counts all content that went over the line, also what had to be sent again."""

    files: int = 0
    bytes: int = 0
    files_done: int = 0
    bytes_done: int = 0
    sent: int = 0
    breaks: int = 0


@dataclass(frozen=True)
class Failure:
    """A file that could not be transferred, while the others were."""

    path: str
    code: str
    detail: str


@dataclass(frozen=True)
class Report:
    """What became of it. `digests` has the SHA-256 of each file that was transferred, by its path."""

    files: int
    bytes: int
    sent: int
    breaks: int
    seconds: float
    failures: tuple[Failure, ...]
    digests: dict[str, str]


class TransferError(Exception):
    """The whole of it can't go on: no access, no room, or no connection for too long."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


OnProgress = Callable[[Progress], None]
