"""A file on its way in, on the disk: locked by who writes it, appended to, and hashed as it comes."""

import errno
import fcntl
import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from era_platform.common.errors import Conflict, Problem, StorageFull

PIECE = 1024 * 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Unavailable(Problem):
    """The storage or the database doesn't answer as it should."""

    status = 503
    code = "unavailable"


class Part:
    """A large file, as far as it has come: `offset` bytes. For one thread at a time.

    The lock is the kernel's own, on the open file: it is gone with the process that has it.
    """

    def __init__(self, path: Path, size: int) -> None:
        """Raises Conflict (`busy`) while somebody else has it, in this process or another one."""
        self.path, self.size, self._file = path, size, -1
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.offset = self._whole_length()
        except BlockingIOError as error:
            raise Conflict(_("Another connection is just bringing in this file."), code="busy") from error
        self._sha256, self._hashed = hashlib.sha256(), 0

    def append(self, content: memoryview) -> None:
        """All of it or nothing."""
        try:
            _write(self._file, content, self.offset)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self.offset)
            raise
        if self._hashed == self.offset:
            self._sha256.update(content)
            self._hashed += len(content)
        self.offset += len(content)

    def digest(self) -> str:
        """Of all bytes. Those that an earlier connection wrote are read once more."""
        while self._hashed < self.offset:
            piece = os.pread(self._file, PIECE, self._hashed)
            if not piece:
                raise Unavailable(_("What had come of the file is shorter than it was."))
            self._sha256.update(piece)
            self._hashed += len(piece)
        return self._sha256.hexdigest()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        """One that was opened for a connection that had ended by then is nobody's: its lock must not outlive it."""
        self.close()

    def _whole_length(self) -> int:
        """What is there; nothing where that can't be the beginning of this file."""
        there = os.fstat(self._file).st_size
        if there > self.size:
            os.ftruncate(self._file, 0)
            return 0
        return there


def write_small(path: Path, content: memoryview) -> str:
    """A whole file; its SHA-256. Nothing is left where that fails."""
    digest = hashlib.sha256(content).hexdigest()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _write(file, content, 0)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)
    return digest


def require_space(folder: Path, more: int) -> None:
    """Raises StorageFull where the disk would be as good as full with `more` bytes."""
    free = shutil.disk_usage(folder).free - settings.ERA_STORAGE_MIN_FREE_BYTES
    if more > free:
        raise StorageFull(_("The server's storage has no room for {size} bytes.").format(size=more))


def as_problem(error: Problem | OSError) -> Problem:
    """What to tell the client of it."""
    if isinstance(error, Problem):
        return error
    if error.errno in NO_ROOM:
        return StorageFull(_("The server's storage is full."))
    return Unavailable(_("The server's storage does not work: {error}.").format(error=error.strerror or "?"))


def _write(file: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(file, content, offset)
        content, offset = content[written:], offset + written
