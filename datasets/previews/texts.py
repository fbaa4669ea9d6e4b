"""Text as lines, the first of them."""

import io
import json
from typing import IO, Any

MOST_BYTES = 512 * 1024
MOST_LINES = 2_000
LONGEST_LINE = 2_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def warm() -> None:
    show("text", io.BytesIO(b"[1]"))


def show(kind: str, file: IO[bytes]) -> bytes:
    """`{lines, whole, encoding}`."""
    return json.dumps(described(file)).encode()


def described(file: IO[bytes]) -> dict[str, Any]:
    data = file.read(MOST_BYTES + 1)
    text, encoding = decoded(data[:MOST_BYTES])
    lines = text.splitlines()
    whole = len(data) <= MOST_BYTES and len(lines) <= MOST_LINES
    if len(data) > MOST_BYTES and len(lines) > 1:
        lines = lines[:-1]  # cut off somewhere in it
    return {"lines": [clipped(line) for line in lines[:MOST_LINES]], "whole": whole, "encoding": encoding}


def decoded(data: bytes) -> tuple[str, str]:
    """Text, and the encoding it was taken for."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), "UTF-16" if encoding == "utf-16" else "UTF-8"
    try:
        # The end may have been cut within a character.
        return data.decode("utf-8") if len(data) < MOST_BYTES else _without_cut(data), "UTF-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def clipped(line: str, most: int = LONGEST_LINE) -> str:
    return line if len(line) <= most else line[:most] + "…"


def _without_cut(data: bytes) -> str:
    for cut in range(4):
        try:
            return data[: len(data) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8")
