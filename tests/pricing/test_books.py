"""The book in PostgreSQL and each process's copy of it."""

import threading
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from pricing.models import BookEntry, Forecast, Pool
from pricing.selectors import books
from pricing.selectors.prices import slot_prices
from pricing.services import book, pools

PRICES = {"floor_price": 10, "list_price": 20, "ceiling_price": 100}


def a_pool(slug: str = "gpu", **fields: object) -> Pool:
    defaults: dict[str, object] = {
        "name": slug,
        "slot_seconds": 60,
        "horizon_slots": 100,
        "units": 8,
        "unit_cpus": Decimal(1),
        "unit_memory_mib": 1024,
    }
    return pools.create_pool(actor=None, slug=slug, **(defaults | PRICES | fields))  # type: ignore[arg-type]


def first_slot() -> int:
    return clock.slot_at(clock.now(), 60) + 1


def reserve(pool_id: int, start: int, end: int, units: int) -> BookEntry:
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        kind = BookEntry.Kind.RESERVE if units > 0 else BookEntry.Kind.RELEASE
        return book.append(pool, kind=kind, start_slot=start, end_slot=end, units=units)


def promised(pool: Pool) -> list[int]:
    first = first_slot()
    with books.current(Pool.objects.get(pk=pool.pk), first, first + pool.horizon_slots) as copy:
        return copy.promised[first - copy.first_slot :][:10].tolist()


pytestmark = pytest.mark.django_db


def test_a_new_pool_sells_all_its_units_and_has_a_forecast() -> None:
    prices = slot_prices(a_pool(), units=1)
    assert set(prices.free.tolist()) == {8}
    assert len(prices.costs) == 100
    assert set(prices.costs.tolist()) == {10}


def test_a_copy_catches_up_with_what_others_have_written() -> None:
    pool, first = a_pool(), first_slot()
    assert promised(pool)[:3] == [0, 0, 0]
    reserve(pool.pk, first, first + 2, 3)
    assert promised(pool)[:3] == [3, 3, 0]
    reserve(pool.pk, first + 1, first + 2, -3)
    assert promised(pool)[:3] == [3, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_what_this_process_commits_is_in_its_copy_at_once_and_only_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pool, first = a_pool(), first_slot()
    promised(pool)
    reserve(pool.pk, first, first + 1, 3)
    with django_assert_num_queries(1):  # for the pool's row, none for the book
        assert promised(pool)[:2] == [3, 0]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_never_reaches_the_copy() -> None:
    pool, first = a_pool(), first_slot()
    promised(pool)
    with transaction.atomic():
        locked = book.lock_pool(pool.pk)
        book.append(locked, kind=BookEntry.Kind.RESERVE, start_slot=first, end_slot=first + 1, units=3)
        transaction.set_rollback(True)
    assert promised(pool)[:2] == [0, 0]
    reserve(pool.pk, first, first + 1, 2)
    assert promised(pool)[:2] == [2, 0]


def test_a_copy_read_anew_equals_one_that_was_caught_up() -> None:
    pool, first = a_pool(), first_slot()
    for k in range(5):
        promised(pool)
        reserve(pool.pk, first + k, first + 2 * k + 1, k + 1)
    caught_up = promised(pool)
    books._books.clear()
    assert promised(pool) == caught_up


def test_the_book_as_of_a_number_leaves_out_what_came_later() -> None:
    pool, first = a_pool(), first_slot()
    number = reserve(pool.pk, first, first + 1, 2).number
    reserve(pool.pk, first, first + 1, 4)
    then = books.as_of(pool, number, first, first + 1)
    assert (then.promised[0], then.number) == (2, number)


def test_time_moves_on_and_the_copy_with_it() -> None:
    with clock.freeze(clock.now()):
        pool = a_pool()
        promised(pool)
        clock.advance(60 * 90)
        reserve(pool.pk, first_slot() + 95, first_slot() + 97, 1)
        prices = slot_prices(Pool.objects.get(pk=pool.pk), units=1)
        assert prices.free.tolist()[95:98] == [7, 7, 8]
        assert prices.first_slot == first_slot()


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gaps_whoever_writes_at_the_same_time() -> None:
    pool, first = a_pool(), first_slot()

    def write() -> None:
        for k in range(5):
            reserve(pool.pk, first + k, first + k + 1, 1)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    numbers = list(BookEntry.objects.filter(pool=pool).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 22))
    assert promised(pool)[:6] == [4, 4, 4, 4, 4, 0]


@pytest.mark.django_db(transaction=True)
def test_many_entries_are_numbered_in_order_written_at_once_and_in_the_copy(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with clock.freeze(clock.now()):
        pool, first = a_pool(), first_slot()
        promised(pool)
        changes = [
            book.EntryFields(
                kind=BookEntry.Kind.RESERVE, start_slot=first + k % 10, end_slot=first + k % 10 + 1, units=1
            )
            for k in range(10_000)
        ]
        with transaction.atomic():
            locked = book.lock_pool(pool.pk)
            with django_assert_num_queries(2):  # the pool's number and the entries
                numbers = book.append_many(locked, changes)
        assert numbers == range(2, 10_002)
        assert list(BookEntry.objects.filter(units=1).order_by("id").values_list("number", flat=True)) == list(numbers)
        with django_assert_num_queries(1):
            assert promised(pool) == [1000] * 10
        books._books.clear()
        assert promised(pool) == [1000] * 10


def test_no_changes_leave_the_book_as_it_is() -> None:
    pool = a_pool()
    with transaction.atomic():
        assert not book.append_many(book.lock_pool(pool.pk), [])
    assert Pool.objects.get().book_number == 1


@pytest.mark.parametrize("model", [BookEntry, Forecast])
def test_entries_and_forecasts_can_be_neither_changed_nor_removed(model: type[BookEntry] | type[Forecast]) -> None:
    a_pool()
    for statement in ("UPDATE {} SET id = id", "DELETE FROM {}"):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(model._meta.db_table))


def test_less_capacity_is_sold_from_the_next_slot_on() -> None:
    pool = a_pool()
    pools.change_capacity(actor=None, pool_id=pool.pk, units=3)
    assert set(slot_prices(Pool.objects.get(), units=1).free.tolist()) == {3}


def test_capacity_that_is_promised_cannot_be_taken_away() -> None:
    pool, first = a_pool(), first_slot()
    reserve(pool.pk, first + 5, first + 6, 6)
    with pytest.raises(Conflict, match="2 units are free, so 3 can't be taken away"):
        pools.change_capacity(actor=None, pool_id=pool.pk, units=5)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=6)
    assert np.all(slot_prices(Pool.objects.get(), units=1).free >= 0)


def test_a_pool_without_units_is_refused_by_name() -> None:
    pool = a_pool()
    with pytest.raises(InvalidInput, match="not 0"):
        pools.change_capacity(actor=None, pool_id=pool.pk, units=0)


def test_new_prices_make_a_new_forecast_and_the_old_one_stays() -> None:
    pool = a_pool()
    pools.change_prices(actor=None, pool_id=pool.pk, floor=5, listed=6, ceiling=7)
    assert set(slot_prices(Pool.objects.get(), units=1).costs.tolist()) == {5}
    assert Forecast.objects.get(version=1).floor_price == 10


@pytest.mark.parametrize(
    "fields",
    [
        {"floor_price": 30},
        {"ceiling_price": 10},
        {"grace_seconds": 60},
        {"ceiling_price": 2**62},
        {"units": 0},
        {"slot_seconds": 0},
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_pool(**fields)
    assert not Pool.objects.exists()
