"""Files that are sent, read in a thread: small ones whole and several at once, large ones piece by piece."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from era_client.transfer.words import Failure, LocalFile

LOT_FILES, LOT_BYTES = 32, 1024 * 1024
PIECE = 1024 * 1024


class Changed(Exception):
    """The file is not what it was when it was listed."""


@dataclass(frozen=True)
class Small:
    file: LocalFile
    content: bytes
    digest: str


def lots(files: Iterable[LocalFile]) -> Iterator[list[LocalFile]]:
    """Small files that are read in one go."""
    lot: list[LocalFile] = []
    size = 0
    for file in files:
        lot.append(file)
        size += file.size
        if len(lot) == LOT_FILES or size >= LOT_BYTES:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def read_small(lot: Sequence[LocalFile]) -> list[Small | Failure]:
    return [_read_small(file) for file in lot]


def _read_small(file: LocalFile) -> Small | Failure:
    try:
        with file.source.open("rb", buffering=0) as source:
            content = source.read(file.size + 1) or b""
    except OSError as error:
        return unreadable(file, error)
    if len(content) != file.size:
        return changed(file)
    return Small(file, content, hashlib.sha256(content).hexdigest())


@dataclass
class Large:
    """One that is sent in pieces, perhaps over several connections: what was hashed is not hashed again."""

    file: LocalFile
    position: int = 0
    """How far it has been sent."""
    restarts: int = 0
    _sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _hashed: int = 0

    def start_again(self) -> None:
        self._sha256, self._hashed = hashlib.sha256(), 0
        self.restarts += 1

    def open(self) -> BinaryIO:
        """Raises Changed, OSError."""
        source = self.file.source.open("rb", buffering=0)
        if os.fstat(source.fileno()).st_size != self.file.size:
            source.close()
            raise Changed
        return source

    def catch_up(self, source: BinaryIO, offset: int) -> None:
        """Hash what the server has already."""
        while self._hashed < offset:
            self.read(source, self._hashed, min(PIECE, offset - self._hashed))

    def read(self, source: BinaryIO, offset: int, most: int) -> bytes:
        """The bytes from `offset` on. Raises Changed where there are none any more."""
        source.seek(offset)
        content = source.read(min(most, self.file.size - offset))
        if not content:
            raise Changed
        new = content[self._hashed - offset :] if offset <= self._hashed < offset + len(content) else b""
        self._sha256.update(new)
        self._hashed += len(new)
        return content

    def digest(self) -> str:
        return self._sha256.hexdigest()


def unreadable(file: LocalFile, error: OSError) -> Failure:
    return Failure(file.path, "unreadable", f"{file.source} can't be read: {error.strerror or error}.")


def changed(file: LocalFile) -> Failure:
    return Failure(file.path, "changed", f"{file.source} changed while it was sent.")
