"""The files that a job wrote: listing them, and opening one without being led elsewhere by the job."""

import os
import stat
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

MOST_LISTED = 10_000


@dataclass(frozen=True)
class OutputFile:
    """`path` is relative to the job's outputs; `size` in bytes."""

    path: str
    size: int
    modified_at: datetime


def folder_of(job_id: UUID) -> Path:
    return storage.job_folder(job_id) / "output"


def listing(job_id: UUID) -> list[OutputFile]:
    """The job's plain files by path, in all folders, MOST_LISTED at most. Links are followed nowhere."""
    root = folder_of(job_id)
    return sorted(_files(root, root), key=lambda file: file.path)


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
