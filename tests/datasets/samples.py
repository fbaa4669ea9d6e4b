"""Files of each kind that previews know, made anew for each test, and files made to do harm."""

import io
import json
import struct
import wave
import zipfile
import zlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

MIB = 1024 * 1024


def a_csv(rows: int = 500) -> bytes:
    lines = [f"{number},{'cat' if number % 3 else 'dog'},{number / 10 if number % 5 else ''}" for number in range(rows)]
    return "\n".join(["id,label,score", *lines, ""]).encode()


def a_parquet(rows: int = 500) -> bytes:
    table = pa.table({"step": np.arange(rows), "loss": np.linspace(1, 0, rows), "note": pa.nulls(rows, pa.string())})
    return _written(lambda out: pq.write_table(table, out))


def a_picture(width: int = 800, height: int = 600, form: str = "PNG") -> bytes:
    return _written(lambda out: Image.new("RGB", (width, height), (200, 60, 20)).save(out, form))


def an_array(**arrays: "np.ndarray[Any, Any]") -> bytes:
    """An .npz of several, or the .npy of the one called `only`."""
    if "only" in arrays:
        return _written(lambda out: np.save(out, arrays["only"]))
    return _written(lambda out: np.savez(out, allow_pickle=False, **arrays))


def a_sound() -> bytes:
    def write(out: io.BytesIO) -> None:
        with wave.open(out, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(1)
            sound.setframerate(8000)
            sound.writeframes(bytes(range(256)) * 10)

    return _written(write)


def many_columns() -> bytes:
    return b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n"


def a_long_line() -> bytes:
    return b'a,b\n"' + b"x" * (40 * MIB)


def deep_json() -> bytes:
    return b"[" * 200_000 + b"]" * 200_000


def a_picture_of_too_many_pixels() -> bytes:
    """A PNG that says to be 60,000 × 60,000, in a few hundred bytes."""
    header = struct.pack(">2I5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def a_zip_bomb() -> bytes:
    """An .npz whose one array says to be of 256 GiB, all of it zeros."""

    def write(out: io.BytesIO) -> None:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as member:
            head = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                head, {"descr": "|u1", "fortran_order": False, "shape": (256 * 1024 * MIB,)}
            )
            member.write(head.getvalue() + b"\0" * (80 * MIB))

    return _written(write)


def a_parquet_bomb() -> bytes:
    """A thousand rows with the same 8 MiB of text, which is in the file once, and compressed."""
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000, pa.int32()), pa.array(["x" * (8 * MIB)]))
    given = {"compression": "zstd", "store_schema": False, "dictionary_pagesize_limit": 64 * MIB}
    return _written(lambda out: pq.write_table(pa.table({"a": words}), out, **given))


def a_pickle() -> bytes:
    return _written(lambda out: np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True))


def a_tree() -> bytes:
    return json.dumps({"name": "shapes", "classes": ["cat", "dog"], "seed": None, "size": [1, 2.5]}).encode()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _written(write: Any) -> bytes:
    out = io.BytesIO()
    write(out)
    return out.getvalue()
