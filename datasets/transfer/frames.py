"""What goes over the wire: text frames of JSON, and binary frames of a length, a JSON header and content."""

import json
from collections.abc import Mapping
from typing import Any

from datasets.transfer.limits import HEADER
from era_platform.common.errors import InvalidInput

Header = dict[str, Any]
LENGTH = 4


class BadFrame(Exception):
    """What can't be read at all: the connection ends with this as its reason."""


def read(event: Mapping[str, Any]) -> tuple[Header, memoryview | None]:
    """The header and, of a binary frame, the content, of what ASGI calls `websocket.receive`. Raises BadFrame."""
    text = event.get("text")
    if text is not None:
        if len(text) > HEADER:
            raise BadFrame(f"a text frame of more than {HEADER} characters")
        return _header(text), None
    frame = memoryview(event.get("bytes") or b"")
    length = int.from_bytes(frame[:LENGTH], "big")
    if len(frame) < LENGTH or not 2 <= length <= min(HEADER, len(frame) - LENGTH):
        raise BadFrame("a binary frame that does not begin with the length of its header")
    try:
        text = str(frame[LENGTH : LENGTH + length], "utf-8")
    except UnicodeDecodeError as error:
        raise BadFrame("a header that is not UTF-8") from error
    return _header(text), frame[LENGTH + length :]


def _header(text: str) -> Header:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("what should be JSON is none") from error
    if not isinstance(header, dict):
        raise BadFrame("JSON that is not an object")
    return header


def text(**members: Any) -> str:
    return json.dumps(members, separators=(",", ":"))


def head(**members: Any) -> bytes:
    """The beginning of a binary frame: what remains to be added is the content."""
    header = text(**members).encode()
    return len(header).to_bytes(LENGTH, "big") + header


def number(header: Header, name: str, *, least: int = 0, most: int, default: int | None = None) -> int:
    """The whole number `name`. Raises InvalidInput."""
    value = header.get(name, default)
    if type(value) is not int or not least <= value <= most:  # a bool is no number here
        raise bad(name, f"must be a whole number from {least} to {most}")
    return value


def string(header: Header, name: str, *, most: int, default: str | None = None) -> str:
    """The text `name`, such as PostgreSQL can store. Raises InvalidInput."""
    value = header.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise bad(name, f"must be a text of at most {most} characters")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise bad(name, "has a character that is none")
    return value


def digest(header: Header) -> str:
    """The SHA-256 that the client gave; empty if it gave none. Raises InvalidInput."""
    value = string(header, "sha256", most=64, default="")
    if value and (len(value) != 64 or not set(value) <= set("0123456789abcdef")):
        raise bad("sha256", "must be 64 digits of hexadecimal, in small letters")
    return value


def bad(name: str, problem: str) -> InvalidInput:
    return InvalidInput(f"“{name}” {problem}.", field=name, code="bad_request")
