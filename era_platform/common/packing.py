"""Many files as one zip or tar, made while it is sent: no temporary file, and no more memory for a million files.

Nothing is compressed: what datasets consist of mostly is already, and so a zip's length is known before it is made.
"""

import struct
import tarfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

PIECE = 1024 * 1024
GATHERED = 256 * 1024
"""Small pieces are put together to at least this much, since each one that is sent costs."""


@dataclass(frozen=True)
class Packed:
    """A file that goes into an archive under `path`, with the first `size` of the bytes that `open` gives."""

    path: str
    size: int
    open: Callable[[], IO[bytes]]


Files = Callable[[], Iterable[Packed]]
"""Gives the same files each time it is called."""


class SourceCutOff(Exception):
    """A file has fewer bytes than was said: the archive ends here, where its reader notices."""


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= GATHERED:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _content(file: Packed) -> Iterator[bytes]:
    left = file.size
    with file.open() as source:
        while left and (piece := source.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
    if left:
        raise SourceCutOff(file.path)


# --- tar ----------------------------------------------------------------------------------------


def tar(files: Files, at: datetime) -> Iterator[bytes]:
    """POSIX tar; all files are of the moment `at`."""
    length = 0
    for file in files():
        header = _tar_header(file, at)
        yield header
        yield from _content(file)
        padding = -file.size % tarfile.BLOCKSIZE
        yield b"\0" * padding
        length += len(header) + file.size + padding
    end = 2 * tarfile.BLOCKSIZE
    yield b"\0" * (end + -(length + end) % tarfile.RECORDSIZE)


def _tar_header(file: Packed, at: datetime) -> bytes:
    info = tarfile.TarInfo(file.path)
    info.size, info.mode, info.mtime = file.size, 0o644, int(at.timestamp())
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


# --- zip ----------------------------------------------------------------------------------------

# As APPNOTE.TXT 6.3 has them (4.3.7, 4.3.9, 4.3.12, 4.3.14 to 4.3.16, 4.5.3).
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR, _DESCRIPTOR64 = struct.Struct("<4s3L"), struct.Struct("<4sL2Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END64, _LOCATOR64, _END = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL"), struct.Struct("<4s4H2LH")
_LONG, _MANY = 0xFFFFFFFF, 0xFFFF
_PLAIN, _LARGE = 20, 45  # version needed
_MADE_BY = 3 << 8 | _LARGE  # Unix
_FLAGS = 1 << 3 | 1 << 11  # sizes and checksum come after the bytes; names are UTF-8
_REGULAR = 0o100644 << 16


def zip_length(files: Files) -> int:
    """Bytes of what `zip_` gives."""
    offset = directory = count = 0
    for file in files():
        name = len(file.path.encode())
        directory += _CENTRAL.size + name + len(_central_extra(file.size, offset))
        offset += _local_length(file.size, name)
        count += 1
    return offset + directory + len(_end(count, offset, directory))


def zip_(files: Files, at: datetime) -> Iterator[bytes]:
    """A zip of stored entries, with the 64-bit extension only where it is needed; all files are of the moment `at`."""
    when = _dos(at)
    checksums = array("I")
    offset = 0
    for file in files():
        name, checksum = file.path.encode(), 0
        yield _local(file.size, name, when)
        for piece in _content(file):
            checksum = zlib.crc32(piece, checksum)
            yield piece
        yield _descriptor(file.size, checksum)
        checksums.append(checksum)
        offset += _local_length(file.size, len(name))
    yield from _directory(files, checksums, offset, when)


def _directory(files: Files, checksums: "array[int]", end: int, when: tuple[int, int]) -> Iterator[bytes]:
    offset = size = 0
    for file, checksum in zip(files(), checksums, strict=True):
        name, extra = file.path.encode(), _central_extra(file.size, offset)
        needed = _LARGE if extra else _PLAIN
        shown = min(file.size, _LONG)
        yield _CENTRAL.pack(
            b"PK\1\2", _MADE_BY, needed, _FLAGS, 0, when[1], when[0], checksum, shown, shown,
            len(name), len(extra), 0, 0, 0, _REGULAR, min(offset, _LONG),
        )  # fmt: skip
        yield name + extra
        size += _CENTRAL.size + len(name) + len(extra)
        offset += _local_length(file.size, len(name))
    yield _end(len(checksums), end, size)


def _local(size: int, name: bytes, when: tuple[int, int]) -> bytes:
    large = size >= _LONG
    extra = struct.pack("<2H2Q", 1, 16, 0, 0) if large else b""
    sizes = _LONG if large else 0
    needed = _LARGE if large else _PLAIN
    head = _LOCAL.pack(b"PK\3\4", needed, _FLAGS, 0, when[1], when[0], 0, sizes, sizes, len(name), len(extra))
    return head + name + extra


def _descriptor(size: int, checksum: int) -> bytes:
    form = _DESCRIPTOR64 if size >= _LONG else _DESCRIPTOR
    return form.pack(b"PK\7\x08", checksum, size, size)


def _local_length(size: int, name: int) -> int:
    large = size >= _LONG
    return _LOCAL.size + name + size + ((20 + _DESCRIPTOR64.size) if large else _DESCRIPTOR.size)


def _central_extra(size: int, offset: int) -> bytes:
    values = ([size, size] if size >= _LONG else []) + ([offset] if offset >= _LONG else [])
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values) if values else b""


def _end(count: int, offset: int, size: int) -> bytes:
    end = _END.pack(
        b"PK\5\6", 0, 0, min(count, _MANY), min(count, _MANY), min(size, _LONG), min(offset, _LONG), 0
    )  # fmt: skip
    if count < _MANY and offset < _LONG and size < _LONG:
        return end
    large = _END64.pack(b"PK\6\6", _END64.size - 12, _MADE_BY, _LARGE, 0, 0, count, count, size, offset)
    return large + _LOCATOR64.pack(b"PK\6\7", 0, offset + size, 1) + end


def _dos(at: datetime) -> tuple[int, int]:
    """Date and time as MS-DOS wrote them."""
    date = (at.year - 1980) << 9 | at.month << 5 | at.day
    return date, at.hour << 11 | at.minute << 5 | at.second // 2
