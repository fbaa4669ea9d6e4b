"""What came back of a call, as far as it is looked at."""

from dataclasses import dataclass

PATIENCE = 60.0
"""Seconds for one answer."""
MOST_KEPT = 2_000


@dataclass
class Answer:
    """`body` is its beginning; `size` all of it."""

    status: int = 0
    content_type: str = ""
    body: bytes = b""
    size: int = 0

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        self.body = (self.body + piece)[:MOST_KEPT]
