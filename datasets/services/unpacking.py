"""Unpacks an archive from a stranger into a draft: all of its files, or none."""

from contextlib import ExitStack
from pathlib import Path
from typing import IO

from django.conf import settings

from accounts.models import User
from datasets.incoming import Gathering
from datasets.models import Version
from datasets.services import files, quota
from datasets.services.files import Arrived
from era_platform.common import archives
from era_platform.common.errors import InvalidInput

MOST_ENTRIES = 50_000
GROWS = 16
"""Unpacked, an archive may have so many times what one may have packed."""
LOOK_AGAIN = 256 * 1024 * 1024
"""After so many bytes it is asked again whether the organization has room."""


def unpack(*, actor: User, version: Version, archive: Path, folder: str = "") -> int:
    """Add the archive's files to the draft, in `folder` of it; how many there are. Empty folders are left out.

    Raises InvalidInput naming the entry that can't be taken, and what `files.add` raises.
    """
    with archive.open("rb") as file, ExitStack() as parts:
        try:
            arrived = _arrive(version, file, folder.strip("/"), parts)
        except archives.Refused as refused:
            raise InvalidInput(str(refused), field="body", code="bad_archive") from refused
        files.add(actor=actor, version=version, files=arrived)
    return len(arrived)


def _arrive(version: Version, file: IO[bytes], folder: str, parts: ExitStack) -> list[Arrived]:
    limits = archives.Limits(GROWS * settings.ERA_DATASET_ARCHIVE_MAX_BYTES, MOST_ENTRIES)
    arrived: list[Arrived] = []
    room = _Room(version)
    for entry in archives.entries(file, limits):
        if entry.content is None:
            continue
        path = files.check_path(f"{folder}/{entry.path}" if folder else entry.path)
        gathering = Gathering(version.organization_id, limits.unpacked)
        parts.callback(gathering.part.unlink, missing_ok=True)
        try:
            while piece := entry.content.read(archives.CHUNK):
                room.take(len(piece))
                gathering.write(piece)
        finally:
            digest = gathering.finish()
        arrived.append(Arrived(path, digest, gathering.size, gathering.part))
    room.check()
    if not arrived:
        raise archives.Refused("The archive has no files.")
    return arrived


class _Room:
    """Whether the organization has room for what is unpacked, asked now and then."""

    def __init__(self, version: Version) -> None:
        self._organization = version.organization
        self._taken = self._asked = 0

    def take(self, more: int) -> None:
        self._taken += more
        if self._taken - self._asked >= LOOK_AGAIN:
            self.check()

    def check(self) -> None:
        """Raises QuotaExceeded."""
        quota.check_room(self._organization, self._taken)
        self._asked = self._taken
