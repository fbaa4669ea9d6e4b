"""Each process's copy of the books, caught up by number; and the book as it stood at any number.

A copy begins with the newest snapshot and the entries since then, so what it costs doesn't grow with the
book; it goes on with the entries that are new to it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from pricing.book import Book, Change, Steps
from pricing.models import BookSnapshot, Pool
from pricing.models.book import OPEN_END

_SPARE = 4  # a copy reaches a quarter of a horizon further, so that it is seldom read anew
_FAR_BEHIND = 20_000  # so many entries are no longer caught up with: the copy is read anew

# PostgreSQL adds them up, slot by slot: there are fewer slots than entries.
_STEPS = """
SELECT step.slot, SUM(step.units)::bigint, SUM(step.capacity)::bigint
FROM pricing_bookentry AS entry
CROSS JOIN LATERAL (VALUES
    (GREATEST(entry.start_slot, %(first)s), entry.units, entry.capacity),
    (entry.end_slot, -entry.units, -entry.capacity)
) AS step (slot, units, capacity)
WHERE pool_id = %(pool)s AND end_slot > %(first)s AND start_slot < %(before)s
    AND number > %(after)s AND number <= %(number)s
GROUP BY step.slot
"""

_SINCE = """
SELECT number, start_slot, end_slot, units, capacity FROM pricing_bookentry
WHERE pool_id = %s AND number > %s ORDER BY number
"""

_books: dict[int, Book] = {}
_locks: dict[int, threading.Lock] = {}
_registry = threading.Lock()

Row = tuple[int, int, int, int, int]


@contextmanager
def current(pool: Pool, start_slot: int, end_slot: int) -> Iterator[Book]:
    """This process's copy of the book, no older than `pool` was read, with slots [start_slot, end_slot).

    The copy is not to be changed or kept. It holds only what is committed, so within a transaction that
    has appended to the book it can't be used.
    """
    with _lock(pool.pk):
        book = _books.get(pool.pk)
        if book is None or not book.covers(start_slot, end_slot) or pool.book_number - book.number > _FAR_BEHIND:
            reach = end_slot + (end_slot - start_slot) // _SPARE
            book = _books[pool.pk] = as_of(pool, pool.book_number, start_slot, reach)
        elif book.number < pool.book_number:
            book.apply_all(_entries_since(pool, book.number))
        yield book


def take(pool_id: int, *entries: Change) -> None:
    """Apply entries that this process has just committed, if they are the next: they need not be read again then."""
    with _lock(pool_id):
        book = _books.get(pool_id)
        if book is not None and entries and book.number + 1 == entries[0].number:
            book.apply_all(entries)


def as_of(pool: Pool, number: int, start_slot: int, end_slot: int) -> Book:
    """The book as it stood after entry `number`, read anew: what receipts are recomputed from."""
    book = Book(start_slot, end_slot - start_slot)
    book.load_steps(steps_as_of(pool, number, start_slot, before=end_slot), number)
    return book


def steps_as_of(pool: Pool, number: int, start_slot: int, *, before: int = OPEN_END) -> Steps:
    """The same from `start_slot` on to the end of time: within a transaction, with what it has appended.

    Good up to the slot `before`: entries that begin there or later are not read.
    """
    snapshot = newest_snapshot(pool, number=number, start_slot=start_slot)
    if snapshot is None:
        return sum_of_entries(pool, number, start_slot, before=before)
    known = Steps.from_bytes(snapshot.steps).since(start_slot)
    if snapshot.number == number:
        return known
    return known.plus(sum_of_entries(pool, number, start_slot, after=snapshot.number, before=before))


def sum_of_entries(pool: Pool, number: int, start_slot: int, *, after: int = 0, before: int = OPEN_END) -> Steps:
    """What the entries from `after` (exclusive) to `number` that begin before slot `before` come to, by themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STEPS, {"pool": pool.pk, "first": start_slot, "before": before, "after": after, "number": number}
        )
        return Steps.of(cursor.fetchall())


def newest_snapshot(pool: Pool, *, number: int, start_slot: int) -> BookSnapshot | None:
    """The last one up to `number` that still has `start_slot`."""
    usable = BookSnapshot.objects.filter(pool=pool, number__lte=number, first_slot__lte=start_slot)
    return usable.order_by("-number").first()


def _entries_since(pool: Pool, number: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [pool.pk, number])
        rows: list[Row] = cursor.fetchall()
    return rows


def _lock(pool_id: int) -> threading.Lock:
    with _registry:
        return _locks.setdefault(pool_id, threading.Lock())
