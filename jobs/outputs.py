"""The files that a job wrote: those of its last attempt; listed, and opened without being led elsewhere by the job."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from django.utils.translation import gettext as _

from era_platform.common import storage
from era_platform.common.errors import NotFound
from jobs.engines.attempt import AttemptFolder

MOST_LISTED = 10_000


@dataclass(frozen=True)
class OutputFile:
    """`path` is relative to the job's outputs; `size` in bytes."""

    path: str
    size: int
    modified_at: datetime


def folder_of(job_id: UUID) -> Path:
    """The outputs of the last attempt that began."""
    return before(job_id, sys.maxsize) or _without_attempts(job_id)


def before(job_id: UUID, number: int) -> Path | None:
    """The outputs of the last attempt before this one that began; None where none did."""
    try:
        earlier = [int(found.name) for found in (storage.job_folder(job_id) / "attempts").iterdir()]
    except FileNotFoundError:
        return None
    for attempt in sorted((attempt for attempt in earlier if attempt < number), reverse=True):
        folder = storage.output_folder(job_id, attempt)
        if AttemptFolder(storage.attempt_folder(job_id, attempt)).began() and folder.is_dir():
            return folder
    return None


def _without_attempts(job_id: UUID) -> Path:
    """Jobs from before attempts had outputs of their own have one folder for all."""
    old = storage.job_folder(job_id) / "output"
    return old if old.is_dir() else storage.output_folder(job_id, 1)


def listing(job_id: UUID) -> list[OutputFile]:
    """The job's plain files by path, in all folders, MOST_LISTED at most. Links are followed nowhere."""
    root = folder_of(job_id)
    return sorted(_files(root, root), key=lambda file: file.path)


def walk(job_id: UUID) -> Iterator[tuple[str, Path | None]]:
    """All that lies in the job's outputs, in no order: the path there, and where a plain file is; None for a link, a
    device and the like. Names that are no UTF-8 come with surrogates."""
    root = folder_of(job_id)
    waiting = [root]
    while waiting:
        for entry in _scan(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                is_plain = entry.is_file(follow_symlinks=False)
                yield os.path.relpath(entry.path, root), Path(entry.path) if is_plain else None


def is_written(job_id: UUID) -> bool:
    """Whether a process that supervises a job, anywhere, still holds the attempt whose outputs these are."""
    root = folder_of(job_id)
    attempt = AttemptFolder(storage.attempt_folder(job_id, int(root.name))) if root.name.isdecimal() else None
    return attempt is not None and any(one.runner() is not None for one in attempt.ranks())


def open_output(job_id: UUID, relative: str) -> IO[bytes]:
    """The file, opened for reading. NotFound if there is none, or if the path or a link leads out of the outputs."""
    root = folder_of(job_id)
    path = storage.inside(root, relative)
    missing = NotFound(_("There is no file {path}.").format(path=repr(relative[:200])))
    try:
        descriptor = open_beneath(root, path.relative_to(root.resolve()).parts)
    except OSError as error:
        raise missing from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise missing
    return os.fdopen(descriptor, "rb")


def _files(folder: Path, root: Path) -> Iterator[OutputFile]:
    # An own stack instead of recursion: a job may nest folders as deep as it likes.
    waiting, found = [folder], 0
    while waiting and found < MOST_LISTED:
        for entry in _scan(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False) and found < MOST_LISTED:
                with suppress(FileNotFoundError):  # removed by the job while we look
                    yield _described(entry, root)
                    found += 1


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []  # not there yet, or removed by the job while we look


def _described(entry: os.DirEntry[str], root: Path) -> OutputFile:
    status = entry.stat(follow_symlinks=False)
    path = os.fsencode(os.path.relpath(entry.path, root)).decode(errors="replace")
    return OutputFile(path, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def open_beneath(root: Path, parts: tuple[str, ...]) -> int:
    """Open step by step without following links: a running job could put one in place after the path was looked at.

    Raises OSError where there is one.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for number, part in enumerate(parts, start=1):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_DIRECTORY if number < len(parts) else 0)
        try:
            inner = os.open(part, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor
