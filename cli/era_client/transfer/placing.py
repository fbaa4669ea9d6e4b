"""Files that are received: written beside their place, checked by their SHA-256, and only then put there."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from era_client.transfer.words import Failure, RemoteFile

PART = ".era-part"
PIECE = 1024 * 1024


class WrongHash(Exception):
    """What came is not the file."""


def is_there(file: RemoteFile, place: Path) -> bool:
    """Whether this very file is here already."""
    try:
        return place.stat().st_size == file.size and digest_of(place) == file.sha256
    except OSError:
        return False


def digest_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@dataclass
class Arriving:
    """A file on its way to `place`, over one connection or more."""

    file: RemoteFile
    place: Path
    offset: int = 0
    restarts: int = 0
    _part: BinaryIO | None = None
    _sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def part(self) -> Path:
        return self.place.with_name(self.place.name + PART)

    def look(self) -> None:
        """What is here of it from before is kept, and hashed."""
        self.close()
        self._sha256, self.offset = hashlib.sha256(), 0
        if not self.part.exists() or self.part.stat().st_size > self.file.size:
            return
        with self.part.open("rb") as part:
            while piece := part.read(PIECE):
                self._sha256.update(piece)
                self.offset += len(piece)

    def write(self, content: memoryview) -> None:
        if self._part is None:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._part = self.part.open("r+b" if self.offset else "wb", buffering=0)
            self._part.seek(self.offset)
        self._sha256.update(content)
        self.offset += len(content)
        while content:
            content = content[self._part.write(content) :]

    def finish(self) -> None:
        """Raises WrongHash; then nothing of it is left."""
        self.close()
        if self._sha256.hexdigest() != self.file.sha256:
            self.part.unlink(missing_ok=True)
            raise WrongHash
        self.part.replace(self.place)

    def close(self) -> None:
        if self._part:
            self._part.close()
            self._part = None


def unwritable(file: RemoteFile, error: OSError | ValueError) -> Failure:
    reason = getattr(error, "strerror", None) or error
    return Failure(file.path, "unwritable", f"{file.path!r} can't be written here: {reason}.")
