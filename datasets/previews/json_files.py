"""JSON as a tree, as far as somebody would unfold it; what is larger, as text."""

import io
import json
from dataclasses import dataclass
from typing import IO, Any

from datasets.previews import texts

MOST_BYTES = 4 * 1024 * 1024
MOST_NODES = 1_500
MOST_INNER = 100
DEEPEST = 24
LONGEST = 400


def warm() -> None:
    show("json", io.BytesIO(b"[1]"))


def show(kind: str, file: IO[bytes]) -> bytes:
    """`{tree}`, or where it is too long or no JSON, `{lines, …}` as text with a `note`."""
    data = file.read(MOST_BYTES + 1)
    file.seek(0)
    if len(data) > MOST_BYTES:
        return json.dumps({**texts.described(file), "note": "long"}).encode()
    try:
        value = json.loads(data)
    except ValueError:
        return json.dumps({**texts.described(file), "note": "no_json"}).encode()
    return json.dumps({"tree": _Tree().node("", value, 0)}).encode()


@dataclass
class _Tree:
    """A node is `{key, type, text}`, or with `inner` nodes, their `count`, and how many of them are left out."""

    nodes: int = 0

    def node(self, key: str, value: Any, depth: int) -> dict[str, Any]:
        self.nodes += 1
        named = {"key": texts.clipped(key, LONGEST)}
        if isinstance(value, dict):
            return named | {"type": "object"} | self._inner(list(value.items()), depth)
        if isinstance(value, list):
            return named | {"type": "array"} | self._inner([(str(at), each) for at, each in enumerate(value)], depth)
        return named | {"type": _type(value), "text": texts.clipped(json.dumps(value, ensure_ascii=False), LONGEST)}

    def _inner(self, pairs: list[tuple[str, Any]], depth: int) -> dict[str, Any]:
        inner: list[dict[str, Any]] = []
        for key, value in pairs[:MOST_INNER] if depth < DEEPEST else []:
            if self.nodes >= MOST_NODES:
                break
            inner.append(self.node(key, value, depth + 1))
        return {"inner": inner, "count": len(pairs), "left_out": len(pairs) - len(inner)}


def _type(value: Any) -> str:
    if value is None:
        return "null"
    return "string" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"
