"""Takes files that lie on the store's file system already, such as a job's outputs, into a draft; no byte is moved."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

from django.utils.translation import gettext as _

from accounts.models import User
from datasets import store
from datasets.models import Version
from datasets.services import files
from datasets.services.files import Arrived
from era_platform.common.errors import Conflict

AT_ONCE = 1_000
PIECE = 1024 * 1024
Progress = Callable[[int], None]


def adopt(*, actor: User, version: Version, files: Sequence[tuple[str, Path]]) -> None:
    """Add each (path, source) to the draft by a hard link. Nobody may write to the sources any more.

    They become the platform's and read-only, also where they lie. All files of up to AT_ONCE are added or none; where
    it raises, what was added before stays in the draft. Raises as `files.add` does, and Conflict where a source is no
    plain file or changes meanwhile.
    """
    for at in range(0, len(files), AT_ONCE):
        _adopt_some(actor, version, files[at : at + AT_ONCE])


def _adopt_some(actor: User, version: Version, sources: Sequence[tuple[str, Path]]) -> None:
    parts: list[Path] = []
    try:
        with store.fullness_is_told():
            arrived = [_arrive(version.organization_id, path, source, parts) for path, source in sources]
        files.add(actor=actor, version=version, files=arrived)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _arrive(organization_id: int, path: str, source: Path, parts: list[Path]) -> Arrived:
    descriptor = _open(path, source)
    try:
        # Before its bytes are read: whoever wrote it can't open it for writing from here on.
        _make_ours(descriptor)
        before = os.fstat(descriptor)
        digest = _digest(descriptor)
        after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Conflict(_("{path} is still being written.").format(path=repr(path)), code="changing")
        part = store.part_path(organization_id, uuid4())
        parts.append(part)
        _link(descriptor, part)
    finally:
        os.close(descriptor)
    return Arrived(path, digest, after.st_size, part)


def _open(path: str, source: Path) -> int:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Conflict(_("{path} can't be read.").format(path=repr(path)), code="unreadable") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Conflict(_("{path} is no plain file.").format(path=repr(path)), code="unreadable")
    return descriptor


def _make_ours(descriptor: int) -> None:
    if os.fstat(descriptor).st_uid != os.geteuid():
        os.fchown(descriptor, os.geteuid(), os.getegid())
    os.fchmod(descriptor, store.READ_ONLY)


def _digest(descriptor: int) -> str:
    digest = hashlib.sha256()
    while piece := os.read(descriptor, PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _link(descriptor: int, part: Path) -> None:
    """The opened file itself, whatever its name leads to by now; a copy where it can't have one more link."""
    try:
        # Python follows the link only where a folder is given, which an absolute path makes nothing of.
        os.link(f"/proc/self/fd/{descriptor}", part, src_dir_fd=descriptor, follow_symlinks=True)
    except OSError as error:
        if error.errno not in (errno.EMLINK, errno.EXDEV):
            raise
        _copy(descriptor, part)


def _copy(descriptor: int, part: Path) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with part.open("xb") as target:
        while piece := os.read(descriptor, PIECE):
            target.write(piece)
