"""Changes to the book.

Every change locks the pool's row first (lock order: pool row → wallet row → job row) and takes the next
number there, so numbers have no gaps and whoever holds the lock sees the whole book.
"""

from collections.abc import Sequence
from functools import partial
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from era_platform.common import clock, rows
from era_platform.common.bulk import copy_rows
from era_platform.common.errors import Conflict
from pricing.book import Change
from pricing.models import BookEntry, Pool
from pricing.selectors import books


class EntryFields(TypedDict):
    """A book entry before it has its number."""

    kind: BookEntry.Kind
    start_slot: int
    end_slot: int
    units: NotRequired[int]
    capacity: NotRequired[int]
    cause: NotRequired[BookEntry.Cause | str]
    reference: NotRequired[UUID | None]
    memo: NotRequired[str]


def lock_pool(pool_id: int) -> Pool:
    """The pool, its row locked until the transaction ends; its `book_number` is then the last there is."""
    pool = rows.first(Pool, "id = %s FOR NO KEY UPDATE", pool_id)
    if pool is None:
        raise Pool.DoesNotExist
    return pool


def check_free(pool: Pool, start_slot: int, end_slot: int, units: int) -> None:
    """Raises Conflict naming the first slot of [start, end) in which fewer than `units` are neither promised nor away.

    `pool` must come from `lock_pool` in this transaction.
    """
    steps = books.steps_as_of(pool, pool.book_number, start_slot)
    short = steps.first_short(start_slot, end_slot, units)
    if short is not None:
        _slots, free = steps.free(short)
        raise Conflict(
            _(
                "In the slot of {moment} {free} units are free, so {units} can't be taken away: "
                "the others are promised, or away already."
            ).format(
                moment=clock.slot_start(short, pool.slot_seconds).isoformat(), free=max(0, int(free[0])), units=units
            ),
            field="units",
        )


def append(
    pool: Pool,
    *,
    kind: BookEntry.Kind,
    start_slot: int,
    end_slot: int,
    units: int = 0,
    capacity: int = 0,
    cause: BookEntry.Cause | str = "",
    reference: UUID | None = None,
    memo: str = "",
) -> BookEntry:
    """Add the next entry to the book of `pool`, which must come from `lock_pool` in this transaction."""
    [number] = _take_numbers(pool, [Change(0, start_slot, end_slot, units, capacity)])
    entry = BookEntry(
        pool=pool,
        number=number,
        kind=kind,
        start_slot=start_slot,
        end_slot=end_slot,
        units=units,
        capacity=capacity,
        cause=cause,
        reference=reference,
        memo=memo,
    )
    rows.add(entry)
    return entry


def append_many(pool: Pool, changes: Sequence[EntryFields]) -> range:
    """Add the next entries, numbered in the order given, by one statement however many they are; gives the numbers.

    `pool` must come from `lock_pool` in this transaction. No changes are no statement.
    """
    if not changes:
        return range(0)
    spans = [(one["start_slot"], one["end_slot"], one.get("units", 0), one.get("capacity", 0)) for one in changes]
    numbers = _take_numbers(pool, [Change(0, *span) for span in spans])
    columns = ("pool_id", "number", "start_slot", "end_slot", "units", "capacity")
    added = (
        (pool.pk, number, *span, str(one["kind"]), str(one.get("cause", "")), one.get("reference"), one.get("memo", ""))
        for number, span, one in zip(numbers, spans, changes, strict=True)
    )
    copy_rows(BookEntry, (*columns, "kind", "cause", "reference", "memo"), added)
    return numbers


def _take_numbers(pool: Pool, changes: Sequence[Change]) -> range:
    """The next numbers of the book, for these changes; this process's copy takes them when they are committed."""
    numbers = range(pool.book_number + 1, pool.book_number + 1 + len(changes))
    pool.book_number += len(changes)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pricing_pool SET book_number = %s WHERE id = %s", [pool.book_number, pool.pk])
    numbered = [change._replace(number=number) for number, change in zip(numbers, changes, strict=True)]
    transaction.on_commit(partial(books.take, pool.pk, *numbered), robust=True)
    return numbers
