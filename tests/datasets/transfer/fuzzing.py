"""Frames that nobody should send, made from a seed: some of them nearly right, some of them noise."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from datasets.transfer import frames

Event = dict[str, Any]
PATHS = [
    "fine.txt", "deep/er/file", "file/inside", "../out", "a/../../out", "/etc/passwd", "..", ".", "", "a//b", "./c",
    "a\\b", "C:\\x", "c:/x", "nul\0", "line\nfeed", "\ud800", "é", "e\u0301", "\u202egnp.exe", "x" * 256,
    "y/" * 600, "%2e%2e/x", "~",
]  # fmt: skip
JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, 2**53, 2**64, 10**40, 1.5, -0.0, float("inf"), float("nan"), "", "x", "\0",
    "🦆" * 50, "9" * 30, [], {}, [[]], {"op": "put"}, "z" * 2000,
]  # fmt: skip
OFTEN = {
    "put": 90, "data": 40, "end": 25, "leave": 25, "cancel": 25, "x": 9, "open": 9, "list": 4, "search": 2, "begin": 5,
    "get": 3,
}  # fmt: skip
"""What asks the database comes less often: it would take most of the time."""
SIZES = [0, 1, 3, 100]
DIGESTS = ["", "", "", "0" * 64, "F" * 64, "g" * 64, "0" * 63]


class Client:
    """One client's frames; its ids mostly rise as they should."""

    def __init__(self, random: Random, draft: str) -> None:
        self._random, self._draft, self._number = random, draft, 0

    def events(self, count: int) -> Iterator[Event]:
        yield _text({"op": "open", "version": self._draft})
        for _ in range(count):
            yield self._noise() if self._random.random() < 0.005 else self._nearly()

    def _nearly(self) -> Event:
        """A message as it should be, of which perhaps some members are not."""
        random = self._random
        [op] = random.choices(list(OFTEN), list(OFTEN.values()))
        message, content = self._message(op), random.randbytes(random.choice(SIZES))
        if op == "put" and random.random() < 0.7:
            message["size"] = len(content)
        for name in [name for name in message if random.random() < (0.02 if name in ("op", "id") else 0.15)]:
            message[name] = random.choice(JUNK)
        if random.random() < 0.1:
            message.pop(random.choice(list(message)))
        is_binary = op in ("put", "data")
        if random.random() < 0.004:
            is_binary = not is_binary
        return _binary(message, content) if is_binary else _text(message)

    def _message(self, op: str) -> dict[str, Any]:
        random = self._random
        if op in ("put", "begin", "get", "list", "search"):
            self._number += random.choice([1, 1, 1, 1, 2, 0])
        number = self._number if random.random() < 0.9 else random.randrange(-1, self._number + 3)
        path = random.choice(PATHS) if random.random() < 0.7 else "".join(map(chr, random.choices(range(0x3000), k=9)))
        members: dict[str, dict[str, Any]] = {
            "put": {"path": path, "size": random.choice(SIZES), "sha256": random.choice(DIGESTS)},
            "begin": {"path": path, "size": random.choice([0, 3, 10**6, 10**12])},
            "data": {"offset": random.choice([0, 1, 3, 100])},
            "end": {"sha256": random.choice(DIGESTS)},
            "leave": {"discard": random.choice([True, False])},
            "get": {"reference": random.choice(["ours/digits", "a/b@3", "../x", ""]), "path": path, "offset": 0},
            "list": {"reference": random.choice(["x", "a//b", "ours/digits@x"]), "prefix": path, "limit": 3},
            "search": {"search": path, "owner": random.choice(["all", "who"]), "limit": 1},
            "open": {"version": random.choice(["", "x", "0" * 36])},
        }
        return {"op": op, "id": number, **members.get(op, {})}

    def _noise(self) -> Event:
        random = self._random
        whole = bytearray(_binary(self._message("put"), b"content")["bytes"])
        for _ in range(random.randrange(1, 6)):
            whole[random.randrange(len(whole))] = random.randrange(256)
        if random.random() < 0.5:
            return {"bytes": bytes(whole[: random.randrange(len(whole))]), "text": None}
        return {"bytes": bytes(whole), "text": None} if random.random() < 0.7 else {"text": whole.decode("latin-1")}


def _text(message: dict[str, Any]) -> Event:
    return {"text": json.dumps(message)}


def _binary(message: dict[str, Any], content: bytes) -> Event:
    header = json.dumps(message).encode()
    return {"bytes": len(header).to_bytes(frames.LENGTH, "big") + header + content, "text": None}
