"""Where the bytes of datasets lie: whole files under their SHA-256, and parts of files that are on their way.

    datasets/<organization>/blobs/ab/<sha256>      read-only, shared by all versions that have the file
    datasets/<organization>/parts/<upload>         as far as it has come
    datasets/<organization>/trees/<version>/…      a published version as a folder, made of hard links, for jobs
    datasets/<organization>/previews/ab/<sha256>/  what there is to see of a file, made when somebody first looked
    datasets/<organization>/removed/<sha256>       what nobody has any more, about to go

Only the platform's user can enter an organization's folder. What is in it and in no row is swept.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext as _

from era_platform.common import storage
from era_platform.common.errors import StorageFull

PRIVATE, READ_ONLY = 0o700, 0o444
FEW = 8
"""So many files are brought to the disk one by one; more of them at once, with all else that waits to be written."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_libc = ctypes.CDLL(None, use_errno=True)


def blob_path(organization_id: int, digest: str) -> Path:
    return _folder(organization_id, "blobs") / digest[:2] / digest


def part_path(organization_id: int, name: UUID) -> Path:
    """Where a file is gathered. Its folder is there afterwards."""
    return made(organization_id, "parts") / str(name)


def previews_path(organization_id: int, digest: str) -> Path:
    return _folder(organization_id, "previews") / digest[:2] / digest


def tree_path(organization_id: int, version_id: UUID) -> Path:
    return _folder(organization_id, "trees") / str(version_id)


def made(organization_id: int, kind: str) -> Path:
    """The organization's folder of this kind (blobs, parts, trees, removed); it is there afterwards."""
    folder = _folder(organization_id, kind)
    if not folder.is_dir():
        own = folder.parent
        own.parent.mkdir(parents=True, exist_ok=True)
        own.mkdir(mode=PRIVATE, exist_ok=True)
        folder.mkdir(mode=PRIVATE, exist_ok=True)
    return folder


@contextmanager
def fullness_is_told() -> Iterator[None]:
    """A full disk, or a quota of the file system's, becomes StorageFull (507)."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                _("The platform's storage has no room left. Tell its operators, or try later.")
            ) from error
        raise


def keep(organization_id: int, parts: Sequence[tuple[Path, str]]) -> None:
    """Put complete files into the store, each under the digest of its bytes; on the disk before this returns.

    Whoever calls this has computed the digest from the bytes of the part. What lies there already is replaced: it
    may be from before a crash, and nobody knows whether its bytes had reached the disk. Raises StorageFull.
    """
    with fullness_is_told():
        blobs = str(made(organization_id, "blobs"))
        paths: list[str] = []
        for part, digest in parts:
            os.chmod(part, READ_ONLY)  # noqa: PTH101 (called for each file)
            paths.append(path := f"{blobs}/{digest[:2]}/{digest}")
            _move(part, path)
        _bring_to_disk(paths, blobs)


def is_whole(organization_id: int, digest: str, size: int) -> bool:
    """Whether a file of this size lies under this digest."""
    try:
        return blob_path(organization_id, digest).stat().st_size == size
    except FileNotFoundError:
        return False


def set_aside(organization_id: int, digests: Iterable[str]) -> None:
    """Take files out of the store: quickly, since others wait. `remove` then gives their room back."""
    removed = made(organization_id, "removed")
    for digest in digests:
        with suppress(FileNotFoundError):
            blob_path(organization_id, digest).rename(removed / digest)


def remove(organization_id: int, digests: Iterable[str]) -> None:
    """What was set aside is gone for good, and with it what was shown of it."""
    removed = _folder(organization_id, "removed")
    for digest in digests:
        (removed / digest).unlink(missing_ok=True)
        shutil.rmtree(previews_path(organization_id, digest), ignore_errors=True)


def set_aside_before(organization_id: int) -> list[str]:
    """Digests of what is still there to be removed."""
    return os.listdir(made(organization_id, "removed"))  # noqa: PTH208


def remove_parts(organization_id: int, names: Iterable[UUID]) -> None:
    folder = _folder(organization_id, "parts")
    for name in names:
        (folder / str(name)).unlink(missing_ok=True)


def _folder(organization_id: int, kind: str) -> Path:
    return storage.datasets_folder(organization_id) / kind


def _move(part: Path, path: str) -> None:
    try:
        os.rename(part, path)  # noqa: PTH104
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(path), PRIVATE)  # noqa: PTH102, PTH120
        os.rename(part, path)  # noqa: PTH104


def _bring_to_disk(paths: list[str], blobs: str) -> None:
    if len(paths) > FEW:
        _sync_file_system(blobs)
        return
    folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120
    for path in (*paths, *folders, blobs):
        _sync(path)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), folder)
    finally:
        os.close(descriptor)
