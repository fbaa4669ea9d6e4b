"""Archives that are made while they are sent: what others read of them is what went in."""

import io
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from era_platform.common import packing
from era_platform.common.packing import Files, Packed

AT = datetime(2030, 2, 28, 13, 37, 42, tzinfo=UTC)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1, max_size=120)


def packed(contents: dict[str, bytes]) -> Files:
    return lambda: [Packed(path, len(content), partial(io.BytesIO, content)) for path, content in contents.items()]


def unzipped(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert read.testzip() is None
        return {info.filename: read.read(info) for info in read.infolist()}


def untarred(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as read:
        return {member.name: read.extractfile(member).read() for member in read}  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=600), max_size=8))
def test_whatever_the_names_and_contents_are(contents: dict[str, bytes]) -> None:
    files = packed(contents)
    archive = b"".join(packing.zip_(files, AT))
    assert unzipped(archive) == contents
    assert len(archive) == packing.zip_length(files)
    tar = b"".join(packing.tar(files, AT))
    assert untarred(tar) == contents
    assert len(tar) % tarfile.RECORDSIZE == 0


def test_all_files_are_of_the_moment_given() -> None:
    files = packed({"a": b"x"})
    with zipfile.ZipFile(io.BytesIO(b"".join(packing.zip_(files, AT)))) as archive:
        assert archive.getinfo("a").date_time == (2030, 2, 28, 13, 37, 42)
    with tarfile.open(fileobj=io.BytesIO(b"".join(packing.tar(files, AT)))) as tar:
        assert tar.getmember("a").mtime == AT.timestamp()


def test_more_files_than_the_old_format_can_count() -> None:
    files = packed({f"{number}": b"" for number in range(66_000)})
    archive = b"".join(packing.zip_(files, AT))
    assert len(archive) == packing.zip_length(files)
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert len(read.infolist()) == 66_000


class Zeros(io.BytesIO):
    """A file as large as one likes."""

    def read(self, size: int | None = -1) -> bytes:
        return bytes(size or 0)


class Sparse(io.RawIOBase):
    """What is written one piece after another; long runs of zeros are only remembered as such."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.kept: list[tuple[int, bytes]] = []
        self.length = self.at = 0
        for piece in pieces:
            if len(piece) < packing.PIECE:
                self.kept.append((self.length, piece))
            self.length += len(piece)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.length}[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        end = self.length if size < 0 else min(self.at + size, self.length)
        found = bytearray(end - self.at)
        for start, piece in self.kept:
            for place in range(max(start, self.at), min(start + len(piece), end)):
                found[place - self.at] = piece[place - start]
        self.at = end
        return bytes(found)


@pytest.mark.parametrize("size", [2**32 - 1, 2**32 + 5])
def test_files_and_places_beyond_four_gibibytes(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without reckoning the checksum of so many zeros."""
    monkeypatch.setattr(zlib, "crc32", lambda piece, value=0: 0)
    monkeypatch.setattr(packing, "PIECE", 64 * 1024 * 1024)

    def files() -> list[Packed]:
        return [Packed("large", size, Zeros), Packed("after", 3, partial(io.BytesIO, b"abc"))]

    archive = Sparse(packing.zip_(files, AT))
    assert archive.length == packing.zip_length(files)
    with zipfile.ZipFile(archive) as read:
        assert [(info.filename, info.file_size) for info in read.infolist()] == [("large", size), ("after", 3)]
        assert read.infolist()[1].header_offset > 2**32 - 1


def test_a_file_that_is_shorter_than_was_said_ends_the_archive() -> None:
    def files() -> list[Packed]:
        return [Packed("a", 10, partial(io.BytesIO, b"123"))]

    for pieces in (packing.zip_(files, AT), packing.tar(files, AT)):
        with pytest.raises(packing.SourceCutOff):
            b"".join(pieces)


def test_small_pieces_are_put_together_and_none_is_lost() -> None:
    chance = random.Random(7)
    pieces = [chance.randbytes(chance.randrange(200_000)) for _ in range(40)]
    together = list(packing.gathered(iter(pieces)))
    assert b"".join(together) == b"".join(pieces)
    assert all(len(piece) >= packing.GATHERED for piece in together[:-1])


def test_files_are_opened_one_after_another_and_closed() -> None:
    opened: list[IO[bytes]] = []

    def source() -> IO[bytes]:
        assert all(file.closed for file in opened)
        opened.append(io.BytesIO(b"x"))
        return opened[-1]

    b"".join(packing.tar(lambda: [Packed(f"{number}", 1, source) for number in range(3)], AT))
    assert len(opened) == 3
    assert opened[-1].closed
