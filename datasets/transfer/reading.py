"""What is sent of files, read in a thread: frames with their headers in place, so that nothing is copied again."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from datasets.transfer import frames
from datasets.transfer.limits import PIECE
from datasets.transfer.parts import as_problem
from era_platform.common.errors import Problem

MANY = 64
"""Small files that are read in one go."""


@dataclass(frozen=True)
class Asked:
    """A `get` of the client's."""

    number: int
    reference: str
    path: str
    offset: int


@dataclass(frozen=True)
class Found:
    """Where the bytes are that were asked for."""

    asked: Asked
    file: Path
    size: int
    digest: str

    def frame(self, offset: int, length: int) -> tuple[bytearray, memoryview]:
        """A frame, and the place in it that the content is to be read into."""
        first = {"size": self.size, "sha256": self.digest} if offset == self.asked.offset else {}
        last = {"last": True} if offset + length == self.size else {}
        head = frames.head(op="bytes", id=self.asked.number, offset=offset, **first, **last)
        frame = bytearray(len(head) + length)
        frame[: len(head)] = head
        return frame, memoryview(frame)[len(head) :]


Sent = list[tuple[int, bytearray | Problem]]
"""Frames, each with the id that it belongs to; or what is wrong with that file."""


@dataclass(frozen=True)
class Together:
    """Some files that are small enough to be read at once."""

    files: list[Found]

    def read(self) -> Sent:
        return [(found.asked.number, self._whole(found)) for found in self.files]

    @staticmethod
    def _whole(found: Found) -> bytearray | Problem:
        frame, place = found.frame(found.asked.offset, found.size - found.asked.offset)
        try:
            with found.file.open("rb", buffering=0) as file:
                _fill(file, place, found.asked.offset)
        except OSError as error:
            return as_problem(error)
        return frame


@dataclass(frozen=True)
class Piece:
    """A part of a larger file."""

    found: Found
    file: IO[bytes]
    offset: int

    def read(self) -> Sent:
        frame, place = self.found.frame(self.offset, min(PIECE, self.found.size - self.offset))
        try:
            _fill(self.file, place, self.offset)
        except OSError as error:
            raise as_problem(error) from error
        return [(self.found.asked.number, frame)]


def opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise as_problem(error) from error


def together(files: list[Found]) -> Iterator[list[Found]]:
    """Small files in lots that are not more than a piece, larger ones alone; the order stays."""
    lot: list[Found] = []
    size = 0
    for found in files:
        rest = found.size - found.asked.offset
        if lot and (size + rest > PIECE or len(lot) == MANY):
            yield lot
            lot, size = [], 0
        lot.append(found)
        size += rest
    if lot:
        yield lot


def is_large(lot: list[Found]) -> bool:
    return lot[0].size - lot[0].asked.offset > PIECE


def _fill(file: IO[bytes], place: memoryview, offset: int) -> None:
    while place:
        length = os.preadv(file.fileno(), [place], offset)
        if not length:
            raise OSError(f"{file.name} is shorter than it was")
        place, offset = place[length:], offset + length
