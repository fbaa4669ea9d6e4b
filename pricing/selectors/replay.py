"""A pool's book at number after number, for whoever goes through its past: each costs only what is new."""

from collections import deque

from pricing.book import Book
from pricing.models import BookEntry, Pool
from pricing.selectors import books
from pricing.selectors.books import Row

_FIELDS = ("number", "start_slot", "end_slot", "units", "capacity")
_READ_AHEAD = 5_000  # entries in memory at most, and the most that are caught up with


class Replay:
    """Best asked for rising numbers and slots; for others the book is read anew."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._book: Book | None = None
        self._ahead: deque[Row] = deque()

    def at(self, number: int, start_slot: int, end_slot: int) -> Book:
        """The book as it stood after entry `number`, with slots [start, end); good until the next call.

        Raises LookupError where the pool has no such entry.
        """
        book = self._book
        if book is None or not book.covers(start_slot, end_slot) or not 0 <= number - book.number <= _READ_AHEAD:
            if not 0 <= number <= self._pool.book_number:
                raise LookupError(f"the book of {self._pool} has no entry {number}")
            reach = end_slot + (end_slot - start_slot)
            book = self._book = books.as_of(self._pool, number, start_slot, reach)
            self._ahead.clear()
        elif book.number < number:
            book.apply_all(self._next(book.number, number))
        return book

    def _next(self, after: int, number: int) -> list[Row]:
        taken = []
        while after < number:
            if not self._ahead:
                self._ahead.extend(self._read(after))
            if not self._ahead:
                raise LookupError(f"the book of {self._pool} has no entry {after + 1}")
            taken.append(self._ahead.popleft())
            after = taken[-1][0]
        return taken

    def _read(self, after: int) -> list[Row]:
        entries = BookEntry.objects.filter(pool=self._pool, number__gt=after, number__lte=after + _READ_AHEAD)
        return list(entries.order_by("number").values_list(*_FIELDS))
