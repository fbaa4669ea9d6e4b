"""Each process's copy of the books, caught up by number; and the book as it stood at any number."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import QuerySet

from pricing.book import Book, Change
from pricing.models import BookEntry, Pool

_FIELDS = ("number", "start_slot", "end_slot", "units", "capacity")
_SPARE = 4  # a copy reaches a quarter of a horizon further, so that it is seldom read anew

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
        if book is None or not book.covers(start_slot, end_slot):
            book = _books[pool.pk] = _read(pool, start_slot, end_slot + (end_slot - start_slot) // _SPARE)
        elif book.number < pool.book_number:
            book.apply_all(_entries(pool).filter(number__gt=book.number).order_by("number"))
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
    book.load(map(Change._make, _reaching(pool, start_slot).filter(number__lte=number)), number)
    return book


def _read(pool: Pool, start_slot: int, end_slot: int) -> Book:
    return as_of(pool, pool.book_number, start_slot, end_slot)


def _reaching(pool: Pool, start_slot: int) -> QuerySet[BookEntry, Row]:
    return _entries(pool).filter(end_slot__gt=start_slot)


def _entries(pool: Pool) -> QuerySet[BookEntry, Row]:
    return BookEntry.objects.filter(pool=pool).values_list(*_FIELDS)


def _lock(pool_id: int) -> threading.Lock:
    with _registry:
        return _locks.setdefault(pool_id, threading.Lock())
