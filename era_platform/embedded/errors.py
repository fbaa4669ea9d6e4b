"""How the platform says, in one line, that it cannot start here."""

from collections.abc import Iterator
from contextlib import contextmanager


class CannotStart(Exception):
    """What is wrong, with which value, and what to do."""


@contextmanager
def said_in_one_line() -> Iterator[None]:
    """Turn CannotStart into the last line of a process that ends with exit code 1."""
    try:
        yield
    except CannotStart as reason:
        raise SystemExit(f"ERA Platform cannot start: {reason}") from None
