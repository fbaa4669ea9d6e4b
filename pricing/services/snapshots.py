"""Writes snapshots of the books, so that no process ever has to read a whole book."""

from pricing.models import BookSnapshot, Pool
from pricing.selectors import books

EVERY = 5_000
"""Entries from one snapshot to the next: at most about so many are read on top of one."""


def write_due() -> int:
    """A snapshot of each book that has grown by EVERY since its last one; returns how many were written."""
    return sum(write(pool) for pool in Pool.objects.all() if pool.book_number - _last_number(pool) >= EVERY)


def write(pool: Pool) -> bool:
    """A snapshot of the book as `pool` knows it, from the running slot on. False where there is one already.

    It takes no lock: whoever sees a pool's book number sees all entries up to it.
    """
    first = pool.slot_now()
    steps = books.steps_as_of(pool, pool.book_number, first)
    _snapshot, made = BookSnapshot.objects.get_or_create(
        pool=pool, number=pool.book_number, defaults={"first_slot": first, "steps": steps.to_bytes()}
    )
    return made


def _last_number(pool: Pool) -> int:
    last = BookSnapshot.objects.filter(pool=pool).order_by("-number").values_list("number", flat=True).first()
    return last or 0
