"""Uploaded code: checked without unpacking, kept under the SHA-256 of its bytes, unpacked when a job is staged."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Organization
from era_platform.common import archives, storage
from era_platform.common.errors import InvalidInput, TooLarge
from jobs.models import CodeArchive

FILE, EXECUTABLE, FOLDER = 0o644, 0o755, 0o755


class DamagedArchive(Exception):
    """A stored archive that can't be unpacked, though it could be when it was uploaded."""


@dataclass(frozen=True)
class CheckedArchive:
    """An archive that may be stored. `file` is the upload itself."""

    file: IO[bytes]
    digest: str
    format: str
    size: int
    files: int
    unpacked: int


def check(file: IO[bytes]) -> CheckedArchive:
    """Read all of an uploaded archive without unpacking it.

    Raises TooLarge, or InvalidInput naming the entry; both have field="code".
    """
    digest, size = _digest(file)
    try:
        kind = archives.format_of(file)
        files, unpacked = _measure(file)
    except archives.Refused as refused:
        raise InvalidInput(str(refused), field="code") from refused
    if not files:
        raise InvalidInput(_("The archive has no files."), field="code")
    return CheckedArchive(file, digest, kind, size, files, unpacked)


def store(checked: CheckedArchive, *, organization: Organization, name: str) -> CodeArchive:
    """Keep the archive; the same bytes are kept once for each organization. Needs the organization's scope."""
    path = storage.archive_path(organization.pk, checked.digest)
    if not path.exists():
        with written_whole(path) as target:
            checked.file.seek(0)
            shutil.copyfileobj(checked.file, target, archives.CHUNK)
    archive, _new = CodeArchive.objects.get_or_create(
        organization=organization,
        digest=checked.digest,
        defaults={"format": checked.format, "name": Path(name).name[-255:] or "code", "size": checked.size},
    )
    return archive


def unpack(archive: CodeArchive, folder: Path) -> None:
    """Make `folder` with the archive's content, whole or not at all; nothing is done if it is there.

    Raises DamagedArchive, or OSError from the disk.
    """
    if folder.exists():
        return
    for left_behind in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(left_behind)
    workshop = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with storage.archive_path(archive.organization_id, archive.digest).open("rb") as file:
            for entry in archives.entries(file, _limits()):
                _write(entry, workshop)
        workshop.chmod(FOLDER)
        workshop.rename(folder)
    except (archives.Refused, FileNotFoundError) as error:
        raise DamagedArchive(_("The code can't be unpacked: {error}").format(error=error)) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears at `path` when it is complete and on the disk, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".upload-", delete=False) as target:
        try:
            yield target
            target.flush()
            os.fsync(target.fileno())
            Path(target.name).replace(path)
        finally:
            Path(target.name).unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _limits() -> archives.Limits:
    return archives.Limits(settings.ERA_CODE_UNPACKED_MAX_BYTES, settings.ERA_CODE_MAX_FILES)


def _digest(file: IO[bytes]) -> tuple[str, int]:
    digest, size, most = hashlib.sha256(), 0, settings.ERA_CODE_ARCHIVE_MAX_BYTES
    file.seek(0)
    while chunk := file.read(archives.CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > most:
            limit = most // (1024 * 1024)
            raise TooLarge(_("The archive is larger than {limit} MiB.").format(limit=limit), field="code")
    return digest.hexdigest(), size


def _measure(file: IO[bytes]) -> tuple[int, int]:
    """Files and bytes, by reading them all."""
    files = unpacked = 0
    for entry in archives.entries(file, _limits()):
        if entry.content:
            files += 1
            while chunk := entry.content.read(archives.CHUNK):
                unpacked += len(chunk)
    return files, unpacked


def _write(entry: archives.Entry, folder: Path) -> None:
    target = folder / entry.path
    if entry.content is None:
        _make_folders(target, folder)
        return
    _make_folders(target.parent, folder)
    with target.open("xb") as file:
        shutil.copyfileobj(entry.content, file, archives.CHUNK)
    target.chmod(EXECUTABLE if entry.executable else FILE)


def _make_folders(target: Path, root: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    while target != root:
        target.chmod(FOLDER)
        target = target.parent
