"""The only clock. Everything that asks for the time asks here, so that tests can hold it still."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_held: list[datetime] = []  # empty: the clock runs; shared by all threads of a process


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _held[-1] if _held else datetime.now(UTC)


def timestamp() -> float:
    """The present moment in Unix seconds."""
    return now().timestamp()


def wait_until(moment: datetime) -> None:
    """Return at `moment`; at once if it has passed. A held clock is moved there instead."""
    seconds = (moment - now()).total_seconds()
    if seconds > 0:
        if _held:
            advance(seconds)
        else:
            time.sleep(seconds)


@contextmanager
def freeze(at: datetime) -> Iterator[None]:
    """Hold the clock at `at` (aware) until the block ends; `advance` moves it."""
    _held.append(at)
    try:
        yield
    finally:
        _held.pop()


def advance(seconds: float) -> datetime:
    """Move a held clock on and return what it then shows."""
    if not _held:
        raise RuntimeError("advance() needs a clock held by freeze()")
    _held[-1] += timedelta(seconds=seconds)
    return _held[-1]


def slot_at_or_after(moment: datetime, slot_seconds: int) -> int:
    """The first slot that begins at or after `moment`."""
    return -(-_microseconds(moment) // (slot_seconds * 1_000_000))


def slot_at(moment: datetime, slot_seconds: int) -> int:
    """The slot that `moment` lies in; also the last slot boundary at or before it."""
    return _microseconds(moment) // (slot_seconds * 1_000_000)


def slot_start(slot: int, slot_seconds: int) -> datetime:
    """The moment at which `slot` begins. Raises OverflowError beyond the year 9999."""
    return EPOCH + timedelta(seconds=slot * slot_seconds)


def _microseconds(moment: datetime) -> int:
    # Whole numbers throughout: a float would put 00:00:00.0000001 on either side of a boundary.
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
