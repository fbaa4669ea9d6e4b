"""What the kernel refuses: numbers that int64 cannot hold, and books that make no sense."""

import numpy as np
import pytest

from pricing.kernel import Offer, PriceTable, decide, first_at_most, slot_costs, totals

MAX = 2**63 - 1


def table(price: int = 10, max_units: int = 10) -> PriceTable:
    return PriceTable([[(price, max_units)]], [0], floor=1, max_units=max_units)


def book(*, promised: int = 0, capacity: int = 10, slots: int = 4) -> tuple[np.ndarray, np.ndarray]:
    return np.full(slots, promised, dtype=np.int64), np.full(slots, capacity, dtype=np.int64)


def ask(table: PriceTable, book: tuple[np.ndarray, np.ndarray], **changes: object) -> Offer | None:
    request = {"first_slot": 0, "units": 1, "slots": 1, "start": 0, "end": 4} | changes
    return decide(table, *book, **request)  # type: ignore[arg-type]


def test_the_largest_total_that_fits_is_exact() -> None:
    assert ask(table(price=MAX, max_units=1), book(capacity=1)) == Offer(0, MAX)
    assert ask(table(price=MAX // 4, max_units=1), book(capacity=1), slots=4) == Offer(0, MAX - 3)
    assert ask(table(price=MAX // 7, max_units=7), book(capacity=7), units=7) == Offer(0, MAX)


def test_the_largest_total_is_within_the_largest_value() -> None:
    dear = table(price=MAX, max_units=1)
    for value, expected in [(MAX, Offer(0, MAX)), (MAX - 1, None), (-1, None)]:
        found = first_at_most(dear, *book(capacity=1), value, first_slot=0, units=1, slots=1, start=0, end=4)
        assert found == expected


@pytest.mark.parametrize(("price", "units", "slots"), [(MAX // 3, 1, 4), (MAX // 10, 5, 3), (MAX, 1, 2)])
def test_totals_that_could_exceed_int64_are_refused(price: int, units: int, slots: int) -> None:
    dear = table(price, max_units=min(10, MAX // price))
    with pytest.raises(OverflowError, match=rf"{units} units in {slots} slots at {price} micro-credits"):
        ask(dear, book(capacity=1), units=units, slots=slots)
    with pytest.raises(OverflowError, match=str(price)):
        totals(dear, *book(capacity=1), first_slot=0, units=units, slots=slots, start=0, end=4)


@pytest.mark.parametrize("name", ["first_slot", "units", "slots", "start", "end"])
def test_numbers_beyond_int64_are_named(name: str) -> None:
    with pytest.raises(OverflowError, match=f"{name} {2**63} does not fit"):
        ask(table(), book(), **{name: 2**63})


def test_a_value_beyond_int64_is_named() -> None:
    with pytest.raises(OverflowError, match=f"value {2**63} does not fit"):
        first_at_most(table(), *book(), 2**63, first_slot=0, units=1, slots=1, start=0, end=4)


@pytest.mark.parametrize("name", ["first_slot", "units", "slots", "start", "end"])
def test_fractions_are_not_cut(name: str) -> None:
    with pytest.raises(TypeError):
        ask(table(), book(), **{name: 1.5})


@pytest.mark.parametrize("name", ["units", "slots"])
@pytest.mark.parametrize("number", [0, -1, -(2**63)])
def test_a_request_asks_for_something(name: str, number: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not {number}"):
        ask(table(), book(), **{name: number})


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (0, 5), (5, 5), (-(2**63), 2**63 - 1)])
def test_a_window_lies_in_the_book(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="does not lie in"):
        ask(table(), book(), start=start, end=end)


def test_a_book_ends_within_int64() -> None:
    assert ask(table(), book(), first_slot=MAX - 4, start=MAX - 4, end=MAX) == Offer(MAX - 4, 10)
    with pytest.raises(OverflowError, match=f"first_slot {MAX - 3}"):
        ask(table(), book(), first_slot=MAX - 3, start=MAX - 3, end=MAX)


@pytest.mark.parametrize(
    ("promised", "capacity"),
    [(0, 11), (-1, 10), (0, MAX), (-MAX, MAX), (-(2**63), 0), (-(2**63), MAX), (0, -1), (MAX, -(2**63)), (MAX, -2)],
)
@pytest.mark.parametrize("slot", range(7))
def test_a_slot_that_the_table_does_not_know_is_named(promised: int, capacity: int, slot: int) -> None:
    wrong = book(slots=7)
    wrong[0][slot], wrong[1][slot] = promised, capacity
    with pytest.raises(ValueError, match=f"slot {slot} has"):
        ask(table(), wrong, end=7)
    with pytest.raises(ValueError, match=f"slot {slot} has"):
        slot_costs(table(), *wrong, first_slot=0, units=1, start=0, end=7)


@pytest.mark.parametrize("promised", [10, 11, MAX])
def test_a_slot_with_nothing_free_is_only_full(promised: int) -> None:
    assert ask(table(), book(promised=promised)) is None


def test_arrays_of_another_kind_are_refused() -> None:
    promised, capacity = book()
    with pytest.raises(ValueError, match="dtype"):
        ask(table(), (promised.astype(np.int32), capacity))
    with pytest.raises(ValueError, match="contiguous"):
        ask(table(), (promised[::2], capacity[::2]))
    with pytest.raises(ValueError, match="promised has 3 slots, capacity 4"):
        ask(table(), (promised[:3], capacity))


def test_read_only_arrays_will_do() -> None:
    promised, capacity = book()
    promised.flags.writeable = capacity.flags.writeable = False
    assert ask(table(), (promised, capacity)) == Offer(0, 10)
