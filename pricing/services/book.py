"""Changes to the book.

Every change locks the pool's row first (lock order: pool row → wallet row → job row) and takes the next
number there, so numbers have no gaps and whoever holds the lock sees the whole book.
"""

from functools import partial
from uuid import UUID

from django.db import transaction

from pricing.book import Change
from pricing.models import BookEntry, Pool
from pricing.selectors import books


def lock_pool(pool_id: int) -> Pool:
    """The pool, its row locked until the transaction ends; its `book_number` is then the last there is."""
    return Pool.objects.select_for_update(no_key=True).get(pk=pool_id)


def append(
    pool: Pool,
    *,
    kind: BookEntry.Kind,
    start_slot: int,
    end_slot: int,
    units: int = 0,
    capacity: int = 0,
    reference: UUID | None = None,
    memo: str = "",
) -> BookEntry:
    """Add the next entry to the book of `pool`, which must come from `lock_pool` in this transaction."""
    pool.book_number += 1
    pool.save(update_fields=["book_number"])
    change = Change(pool.book_number, start_slot, end_slot, units, capacity)
    transaction.on_commit(partial(books.take, pool.pk, change), robust=True)
    return BookEntry.objects.create(
        pool=pool,
        number=pool.book_number,
        kind=kind,
        start_slot=start_slot,
        end_slot=end_slot,
        units=units,
        capacity=capacity,
        reference=reference,
        memo=memo,
    )
