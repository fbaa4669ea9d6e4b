"""The data folder: is it usable, and is nobody else using it?"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from era_platform.embedded.errors import CannotStart

MEBIBYTE = 1024 * 1024
NEEDED = 200 * MEBIBYTE
PROJECT = Path(__file__).resolve().parent.parent.parent


def data_folder() -> Path:
    return Path(os.environ.get("ERA_DATA_DIR") or PROJECT / "var").resolve()


def check_folder(folder: Path) -> None:
    """Make the folder where it is missing. CannotStart where it cannot be written or the disk is full."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_room(folder)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise CannotStart(_why_not(folder, error)) from error


def _check_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED:
        raise CannotStart(
            f"only {free // MEBIBYTE} MiB are free on the disk of {folder}, and it needs {NEEDED // MEBIBYTE}:"
            " make room, or choose a folder on another disk with ERA_DATA_DIR"
        )


def _why_not(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder} is full: make room, or choose a folder on another disk with ERA_DATA_DIR"
    return f"cannot write to {folder} ({error.strerror}): make it writable, or choose another with ERA_DATA_DIR"


@contextmanager
def only_user_of(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; two supervisors on one data folder would harm each other."""
    with (folder / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CannotStart(
                f"it already runs on {folder} as process {lock.read().strip()}:"
                " stop that one first, or choose another folder with ERA_DATA_DIR"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
