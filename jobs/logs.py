"""Reads a job's log by offset: its attempts' logs one after the other, the same bytes for whoever reads when."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from era_platform.common import storage
from jobs.models import Attempt

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Segment:
    """One attempt's log. `size` is what it was when a later attempt began; None where it is as long as its file."""

    path: Path
    size: int | None

    def length(self) -> int:
        if self.size is not None:
            return self.size
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, offset: int, limit: int) -> bytes:
        if self.size is not None:
            limit = min(limit, self.size - offset)
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return b""


@dataclass(frozen=True)
class JobLog:
    segments: tuple[Segment, ...]

    def size(self) -> int:
        return sum(segment.length() for segment in self.segments)

    def read(self, offset: int, limit: int = CHUNK) -> bytes:
        """At most `limit` bytes from `offset`; b"" at the present end. Asks no database."""
        for segment in self.segments:
            length = segment.length()
            if offset < length:
                return segment.read(offset, limit)
            offset -= length
        return b""


def log_of(job_id: UUID) -> JobLog:
    """The job's log as far as there are attempts now. Needs a scope."""
    attempts = list(Attempt.objects.filter(job_id=job_id).order_by("number").values_list("number", "log_size"))
    last = len(attempts) - 1
    return JobLog(
        tuple(
            # An attempt that was lost may go on writing somewhere: what it adds belongs to no offset.
            Segment(storage.attempt_folder(job_id, number) / "log", None if index == last else size)
            for index, (number, size) in enumerate(attempts)
        )
    )
