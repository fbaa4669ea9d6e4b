"""Snapshots of the book: whatever is read by way of one equals the sum of the entries."""

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from era_platform.common import clock
from pricing.book import Book, Change, Steps
from pricing.models import BookEntry, BookSnapshot, Pool
from pricing.selectors import books
from pricing.services import book, snapshots
from tests.factories import a_pool

pytestmark = pytest.mark.django_db

SLOTS = 40
HORIZON = 24 * 60

History = list[tuple[int, int, int, bool]]
"""Of each entry: slots from the first one until its start, slots, units, and whether a snapshot follows."""


def reserve(pool: Pool, *spans: tuple[int, int, int]) -> Pool:
    """Write (start, end, units), units of either sign, into the book; then the pool as it is."""
    changes = [
        book.EntryFields(
            kind=BookEntry.Kind.RESERVE if units > 0 else BookEntry.Kind.RELEASE,
            start_slot=start,
            end_slot=end,
            units=units,
        )
        for start, end, units in spans
    ]
    with transaction.atomic():
        book.append_many(book.lock_pool(pool.pk), changes)
    return Pool.objects.get(pk=pool.pk)


def added_up(pool: Pool, number: int, start: int, end: int) -> tuple[list[int], list[int]]:
    """Promised and capacity of each slot, from every entry up to `number`."""
    promised, capacity = [0] * (end - start), [0] * (end - start)
    for entry in BookEntry.objects.filter(pool=pool, number__lte=number):
        for slot in range(max(entry.start_slot, start), min(entry.end_slot, end)):
            promised[slot - start] += entry.units
            capacity[slot - start] += entry.capacity
    return promised, capacity


def as_of(pool: Pool, number: int, start: int, end: int) -> tuple[list[int], list[int]]:
    then = books.as_of(pool, number, start, end)
    assert then.number == number
    return then.promised.tolist(), then.capacity.tolist()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(
        st.tuples(st.integers(0, SLOTS - 1), st.integers(1, SLOTS), st.integers(1, 9), st.booleans()), max_size=8
    ),
    passing=st.integers(0, 4),
    start=st.integers(0, SLOTS),
    number=st.integers(1, 9),
)
def test_the_book_as_of_any_number_equals_the_sum_of_its_entries(
    history: History, passing: int, start: int, number: int
) -> None:
    with transaction.atomic(), clock.freeze(clock.now()):
        pool = a_pool()
        first = pool.slot_now()
        for begins, slots, units, then_a_snapshot in history:
            pool = reserve(pool, (first + begins, first + begins + slots, units))
            clock.advance(passing * pool.slot_seconds)
            if then_a_snapshot:
                snapshots.write(pool)
        number, start, end = min(number, pool.book_number), first + start, first + SLOTS
        assert as_of(pool, number, start, end) == added_up(pool, number, start, end)
        transaction.set_rollback(True)


@given(
    st.lists(st.tuples(st.integers(0, 2**62), st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40)), max_size=30)
)
def test_steps_survive_being_packed(rows: list[tuple[int, int, int]]) -> None:
    steps = Steps.of(rows)
    assert Steps.from_bytes(steps.to_bytes()).equals(steps)


@given(
    rows=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 3)), max_size=6),
    start=st.integers(0, 20),
    length=st.integers(1, 8),
    units=st.integers(-2, 4),
)
def test_the_first_slot_that_is_short_is_found(
    rows: list[tuple[int, int, int]], start: int, length: int, units: int
) -> None:
    free = [sum(c - p for slot, p, c in rows if slot <= at) for at in range(start, start + length)]
    short = next((start + k for k, left in enumerate(free) if left < units), None)
    assert Steps.of(rows).first_short(start, start + length, units) == short


def test_a_new_process_reads_the_snapshot_and_what_came_after(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pool = a_pool()
    first = pool.slot_now() + 1
    pool = reserve(pool, (first, first + 3, 2), (first + 1, first + 2, 1))
    assert snapshots.write(pool)
    pool = reserve(pool, (first, first + 1, 4))
    books._books.clear()
    with django_assert_num_queries(2), books.current(pool, first, first + HORIZON) as copy:  # snapshot, tail
        assert copy.promised[:4].tolist() == [6, 3, 2, 0]
        assert set(copy.capacity.tolist()) == {8}


def test_what_the_snapshot_holds_is_not_read_again() -> None:
    pool = a_pool()
    first = pool.slot_now() + 1
    pool = reserve(pool, (first, first + 1, 3))
    BookSnapshot.objects.create(pool=pool, number=2, first_slot=first, steps=Steps.of([(first, 5, 7)]).to_bytes())
    assert as_of(pool, 2, first, first + 1) == ([5], [7])
    assert as_of(pool, 1, first, first + 1) == ([0], [8]), "it came later"
    assert as_of(pool, 2, first - 1, first + 1) == ([0, 3], [8, 8]), "it no longer has the first slot"


def test_snapshots_are_written_when_the_book_has_grown_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "EVERY", 3)
    pool, idle = a_pool(), a_pool()
    first = pool.slot_now() + 1
    assert snapshots.write_due() == 0
    pool = reserve(pool, (first, first + 1, 1), (first, first + 1, 1))
    assert [snapshots.write_due(), snapshots.write_due()] == [1, 0]
    pool = reserve(pool, *[(first, first + 1, 1)] * 3)
    assert snapshots.write_due() == 1
    assert list(BookSnapshot.objects.values_list("pool", "number")) == [(pool.pk, 3), (pool.pk, 6)]
    assert not BookSnapshot.objects.filter(pool=idle).exists()


def test_a_second_snapshot_of_the_same_book_is_not_written() -> None:
    pool = a_pool()
    assert [snapshots.write(pool), snapshots.write(pool)] == [True, False]


def test_a_snapshot_leaves_out_what_has_ended_and_takes_no_more_room_for_it() -> None:
    with clock.freeze(clock.now()):
        pool = a_pool()
        first = pool.slot_now() + 1
        pool = reserve(pool, *[(first + k, first + k + 1, 1 + k % 3) for k in range(200)])
        clock.advance(300 * pool.slot_seconds)
        snapshots.write(pool)
    steps = Steps.from_bytes(BookSnapshot.objects.get().steps)
    assert steps.slots.tolist()[:-1] == [first - 1 + 300]
    assert steps.capacity.tolist() == [8, -8]


def test_a_snapshot_can_be_made_anew_but_not_changed() -> None:
    snapshots.write(a_pool())
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        BookSnapshot.objects.update(number=F("number") + 1)
    BookSnapshot.objects.all().delete()
    assert snapshots.write(Pool.objects.get())


def test_a_copy_far_behind_is_read_anew(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(books, "_FAR_BEHIND", 10)
    pool = a_pool()
    first = pool.slot_now() + 1
    with books.current(pool, first, first + HORIZON):
        pass
    pool = reserve(pool, *[(first, first + 1, 1)] * 11)
    with connection.execute_wrapper(_no_entry_by_entry), books.current(pool, first, first + HORIZON) as copy:
        assert (copy.number, int(copy.promised[0])) == (12, 11)


def _no_entry_by_entry(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert "ORDER BY" not in sql or "booksnapshot" in sql
    return execute(sql, params, many, context)


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 12), st.integers(-4, 4)), max_size=40))
def test_capacity_taken_beyond_what_there_is_is_none_and_comes_back_whole(spans: list[tuple[int, int, int]]) -> None:
    changes = [Change(k + 1, start, start + slots, 0, units) for k, (start, slots, units) in enumerate(spans)]
    one_by_one, at_once, loaded = Book(0, 24), Book(0, 24), Book(0, 24)
    for entry in changes:
        one_by_one.apply(entry)
    at_once.apply_all(changes)
    rows = [(slot, 0, units) for _, start, end, _, c in changes for slot, units in ((start, c), (end, -c))]
    loaded.load_steps(Steps.of(rows), len(changes))
    supply = [sum(entry.capacity for entry in changes if entry.start_slot <= at < entry.end_slot) for at in range(24)]
    for each in (one_by_one, at_once, loaded):
        assert each.supply.tolist() == supply
        assert each.capacity.tolist() == [max(0, units) for units in supply]


def test_a_book_s_copy_goes_its_own_way() -> None:
    one = Book(0, 5)
    one.apply(Change(1, 0, 5, 0, 8))
    other = one.copy()
    other.apply(Change(2, 0, 2, 3, 0))
    other.apply(Change(3, 0, 5, 0, -1))
    assert (one.number, one.promised.tolist(), one.capacity.tolist()) == (1, [0] * 5, [8] * 5)
    assert (other.number, other.promised.tolist(), other.capacity.tolist()) == (3, [3, 3, 0, 0, 0], [7] * 5)
    assert np.array_equal(other.supply, other.capacity)
