"""NumPy's files: the shape and type of each array, and what its numbers are like. Pickles are never read."""

import io
import json
import struct
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from datasets.previews.numbers import histogram
from datasets.previews.refusals import Refused

MOST_ARRAYS = 50
MOST_VALUES = 4_000_000
_ZIP = b"PK\x03\x04"
_DAMAGED = (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile, struct.error, NotImplementedError, TypeError)


def warm() -> None:
    out = io.BytesIO()
    np.savez_compressed(out, a=np.eye(2))
    out.seek(0)
    show("array", out)


def show(kind: str, file: IO[bytes]) -> bytes:
    """`{arrays: [{name, shape, type, size, …}], left_out}`."""
    head = file.read(4)
    file.seek(0)
    try:
        shown = _of_archive(file) if head == _ZIP else {"arrays": [_described("", file, MOST_VALUES)], "left_out": 0}
    except _DAMAGED as error:
        raise Refused("damaged") from error
    return json.dumps(shown).encode()


def _of_archive(file: IO[bytes]) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        each = MOST_VALUES // max(1, min(len(members), MOST_ARRAYS))
        arrays = []
        for member in members[:MOST_ARRAYS]:
            with archive.open(member) as content:
                arrays.append(_described(member.filename.removesuffix(".npy")[:200], content, each))
    return {"arrays": arrays, "left_out": max(0, len(members) - MOST_ARRAYS)}


def _described(name: str, file: IO[bytes], most: int) -> dict[str, Any]:
    shape, dtype = _header(file)
    count = 1
    for length in shape:
        count *= length
    told: dict[str, Any] = {
        "name": name,
        "shape": list(shape),
        "type": str(dtype)[:200],
        "size": count * dtype.itemsize,
    }
    if dtype.hasobject or not dtype.itemsize or dtype.kind not in "biuf":
        return told
    data = file.read(min(count, most) * dtype.itemsize)
    values = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype)
    return told | _numbers(values) | {"measured": len(values), "whole": len(values) == count}


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], "np.dtype[Any]"]:
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise Refused("damaged")
    shape, _order, dtype = read(file, max_header_size=10_000)
    if any(length < 0 for length in shape):
        raise Refused("damaged")
    return shape, dtype


def _numbers(values: "np.ndarray[Any, Any]") -> dict[str, Any]:
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    told: dict[str, Any] = {"not_finite": len(numbers) - len(finite)}
    if len(finite):
        told |= {
            "min": float(finite.min()),
            "max": float(finite.max()),
            "mean": float(finite.mean()),
            "std": float(finite.std()),
            "bins": histogram(finite),
        }
    return told
