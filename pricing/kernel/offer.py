"""What a decision gives: when a request would start, and what it would cost."""

from typing import NamedTuple


class Offer(NamedTuple):
    """The start as an absolute slot, and the total in micro-credits for all its slots."""

    start: int
    total: int
