"""The market on a book: reasons, alternatives, and the words of an ask."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing import market
from pricing.book import MANY, Book, Change
from pricing.domain import AlternativeKind, Ask, Limits, Offer, Reason, Way, Window, window
from pricing.kernel import PriceTable, reference
from pricing.menus import menu
from pricing.prior import utilization_prior

HORIZON = 24
UNITS = 8
SPANS = st.tuples(st.integers(-5, 30), st.integers(1, 40), st.integers(1, 3))


def a_book(*reservations: tuple[int, int, int]) -> Book:
    """A book of 8 units over slots 0..23, with (start, end, units) promised."""
    book = Book(0, HORIZON)
    entries = [Change(1, 0, 2**62, 0, UNITS)]
    entries += [Change(i + 2, s, e, u, 0) for i, (s, e, u) in enumerate(reservations)]
    book.load(entries, len(entries))
    return book


def a_table() -> PriceTable:
    curve = [(price, wanted) for price, wanted in utilization_prior(UNITS, floor=10, listed=20, ceiling=100)]
    return PriceTable([curve], [0], floor=10, max_units=UNITS)


def by_reference(book: Book, wanted: Window, units: int) -> Offer | None:
    """What the literal definition of the price gives for a window within the horizon."""
    curve = [(price, demanded) for price, demanded in utilization_prior(UNITS, floor=10, listed=20, ceiling=100)]
    slots = {slot: reference.Slot(int(book.capacity[slot]), int(book.promised[slot]), curve) for slot in range(HORIZON)}
    found = reference.decide(slots, 10, units, wanted.slots, wanted.start, wanted.stop)
    return Offer(found.start, found.start + wanted.slots, found.total) if found else None


def ask(start: int, end: int, slots: int) -> Window:
    return Window(slots=slots, start=start, end=end, horizon=HORIZON)


def test_an_empty_pool_gives_the_earliest_start_at_the_lowest_price() -> None:
    answer = market.answer(a_book(), a_table(), ask(2, 10, 3), 1, None)
    assert answer.accepted
    assert answer.offer is not None
    assert (answer.offer.start_slot, answer.offer.end_slot, answer.offer.total) == (2, 5, 30)


def test_the_price_rises_as_the_slot_fills_up() -> None:
    last_unit = market.answer(a_book((0, HORIZON, UNITS - 1)), a_table(), ask(2, 10, 1), 1, None)
    assert last_unit.offer is not None
    assert last_unit.offer.total > 80


def test_a_value_equal_to_the_price_is_enough_and_one_micro_credit_less_is_not() -> None:
    assert market.answer(a_book(), a_table(), ask(2, 10, 3), 1, 30).accepted
    assert market.answer(a_book(), a_table(), ask(2, 10, 3), 1, 29).reason is Reason.PRICE_ABOVE_VALUE


@pytest.mark.parametrize(
    ("wanted", "units", "reason"),
    [
        (ask(2, 4, 3), 1, Reason.WINDOW_TOO_SHORT),
        (ask(4, 2, 3), 1, Reason.WINDOW_TOO_SHORT),
        (ask(22, 60, 3), 1, Reason.BEYOND_HORIZON),
        (ask(50, 60, 3), 1, Reason.BEYOND_HORIZON),
        (ask(2, 10, 3), UNITS + 1, Reason.TOO_MANY_UNITS),
        (ask(12, 16, 4), 1, Reason.NO_CAPACITY),
    ],
)
def test_each_refusal_says_why(wanted: Window, units: int, reason: Reason) -> None:
    assert market.answer(a_book((12, 13, UNITS)), a_table(), wanted, units, None).reason is reason


def test_the_last_start_that_meets_the_deadline_counts() -> None:
    answer = market.answer(a_book((0, 7, UNITS)), a_table(), ask(2, 10, 3), 1, None)
    assert answer.offer is not None
    assert answer.offer.start_slot == 7


RESERVATIONS = st.lists(
    st.tuples(st.integers(0, 22), st.integers(1, 12), st.integers(1, 4)).map(
        lambda r: (r[0], min(r[0] + r[1], HORIZON), r[2])
    ),
    max_size=2,
)
LENGTHS, SLOTS, SIZES = st.integers(0, 12), st.integers(1, 8), st.integers(1, UNITS + 2)
WAYS = st.lists(st.tuples(SIZES, SLOTS), min_size=1, max_size=4, unique=True)


@given(RESERVATIONS, st.integers(0, 23), LENGTHS, SLOTS, SIZES, st.integers(0, 3000))
def test_every_alternative_is_exact(
    reservations: list[tuple[int, int, int]], start: int, length: int, slots: int, units: int, value: int
) -> None:
    book, table = a_book(*reservations), a_table()
    wanted = ask(start, start + length, slots)
    answer = market.answer(book, table, wanted, units, value)
    for instead in answer.alternatives:
        changed = wanted._replace(end=instead.deadline_slot, slots=instead.offer.end_slot - instead.offer.start_slot)
        again = market.answer(book, table, changed, instead.units, instead.value)
        assert again.accepted
        assert again.offer == instead.offer == by_reference(book, changed, instead.units)
    kinds = {instead.kind: instead for instead in answer.alternatives}

    def accepted(units: int = units, value: int = value, **changed: int) -> bool:
        return market.answer(book, table, wanted._replace(**changed), units, value).accepted

    if later := kinds.get(AlternativeKind.DEADLINE):
        assert not accepted(end=later.deadline_slot - 1)
    elif not answer.accepted:
        assert not accepted(end=HORIZON + 8)
    if fewer := kinds.get(AlternativeKind.UNITS):
        assert not accepted(units=fewer.units + 1)
    elif not answer.accepted:
        assert not accepted(units=1)
    if shorter := kinds.get(AlternativeKind.DURATION):
        assert not accepted(slots=shorter.offer.end_slot - shorter.offer.start_slot + 1)
    elif not answer.accepted:
        assert not accepted(slots=1)
    if worth := kinds.get(AlternativeKind.VALUE):
        assert worth.value is not None
        assert not accepted(value=worth.value - 1)


@given(RESERVATIONS, st.integers(0, 23), LENGTHS, SLOTS, st.integers(1, 4), st.integers(2, 4), st.integers(0, 3000))
def test_where_units_come_in_steps_no_alternative_has_others(
    reservations: list[tuple[int, int, int]], start: int, length: int, slots: int, times: int, step: int, value: int
) -> None:
    book, table, units = a_book(*reservations), a_table(), times * step
    wanted = ask(start, start + length, slots)
    answer = market.choose(book, table, wanted, [Way(units, slots, value)], limits=Limits(step=step))
    kinds = {instead.kind: instead for instead in answer.alternatives}
    assert all(instead.units % step == 0 for instead in kinds.values())
    found = kinds.get(AlternativeKind.UNITS)
    most = found.units if found else 0
    if found:
        again = market.answer(book, table, wanted, found.units, value)
        assert (again.accepted, again.offer) == (True, found.offer)
    if not answer.accepted:
        assert not market.answer(book, table, wanted, most + step, value).accepted


@given(RESERVATIONS, st.integers(0, 23), LENGTHS, WAYS, st.integers(0, 3000))
def test_a_flexible_ask_gets_the_best_of_its_ways_by_value_minus_price(
    reservations: list[tuple[int, int, int]], start: int, length: int, sizes: list[tuple[int, int]], value: int
) -> None:
    book, table = a_book(*reservations), a_table()
    wanted = ask(start, start + length, 1)
    ways = [Way(units, slots, value + 10 * slots) for units, slots in sizes]
    answer = market.choose(book, table, wanted, ways)
    alone = [market.answer(book, table, wanted._replace(slots=way.slots), way.units, way.value) for way in ways]
    assert answer.accepted == any(each.accepted for each in alone)
    assert [each.offer for each in answer.priced] == [each.offer for each in alone]
    assert (answer.offer, answer.reason) == (alone[answer.way].offer, alone[answer.way].reason)
    gains = [way.value - each.offer.total for way, each in zip(ways, alone, strict=True) if each.offer and way.value]
    if gains and answer.offer:
        chosen = ways[answer.way].value
        assert chosen is not None
        assert chosen - answer.offer.total == max(gains)


@given(RESERVATIONS, st.integers(0, 23), LENGTHS, WAYS, st.integers(0, 3000))
def test_every_alternative_of_a_flexible_ask_is_exact(
    reservations: list[tuple[int, int, int]], start: int, length: int, sizes: list[tuple[int, int]], value: int
) -> None:
    book, table = a_book(*reservations), a_table()
    wanted = ask(start, start + length, 1)
    ways = [Way(units, slots, value) for units, slots in sizes]
    answer = market.choose(book, table, wanted, ways)
    for instead in answer.alternatives:
        changed = wanted._replace(end=instead.deadline_slot, slots=instead.offer.end_slot - instead.offer.start_slot)
        again = market.answer(book, table, changed, instead.units, instead.value)
        assert (again.accepted, again.offer) == (True, instead.offer)
    kinds = {instead.kind: instead for instead in answer.alternatives}
    if later := kinds.get(AlternativeKind.DEADLINE):
        sooner = wanted._replace(end=later.deadline_slot - 1)
        assert not market.choose(book, table, sooner, ways).accepted
    if worth := kinds.get(AlternativeKind.VALUE):
        assert worth.value is not None
        assert not market.choose(book, table, wanted, [way._replace(value=worth.value - 1) for way in ways]).accepted


@given(RESERVATIONS, st.integers(0, 23), LENGTHS, SLOTS, SIZES)
def test_every_entry_of_a_menu_is_what_its_window_gets(
    reservations: list[tuple[int, int, int]], start: int, length: int, slots: int, units: int
) -> None:
    book, table = a_book(*reservations), a_table()
    wanted = ask(start, start + length, slots)
    totals = market.curve(book, table, wanted, units)
    entries = menu(totals, first_start=wanted.start, slots=slots)
    assert bool(entries) == market.answer(book, table, wanted, units, None).accepted
    for entry in entries:
        narrow = wanted._replace(start=entry.offer.start_slot, end=entry.offer.end_slot)
        again = market.answer(book, table, narrow, units, entry.offer.total)
        assert (again.accepted, again.offer) == (True, entry.offer)
        assert entry.offer == by_reference(book, narrow, units)


@pytest.mark.parametrize("free_from", [21, 273, 274, 275, 276, 277, 785, 787, 788, 2_997])
def test_the_smallest_extension_is_found_however_far_away_it_is(free_from: int) -> None:
    book = Book(0, 3_000)
    book.load([Change(1, 0, 3_000, 0, UNITS), Change(2, 0, free_from, UNITS, 0)], 2)
    wanted = Window(slots=3, start=10, end=20, horizon=3_000)
    [later] = market.answer(book, a_table(), wanted, 1, 50).alternatives
    assert (later.kind, later.deadline_slot, later.offer.start_slot) == (
        AlternativeKind.DEADLINE,
        free_from + 3,
        free_from,
    )


def test_of_two_ways_that_are_as_good_the_first_one_named_is_taken() -> None:
    both = [Way(1, 4, 100), Way(2, 2, 100)]  # four units of time at the floor price, one way or the other
    for ways in (both, both[::-1]):
        answer = market.choose(a_book(), PriceTable([[]], [0], floor=10, max_units=UNITS), ask(2, 10, 1), ways)
        assert (answer.way, answer.offer and answer.offer.total) == (0, 40)


def test_a_way_that_costs_more_is_taken_where_it_is_worth_that_much_more() -> None:
    ways = [Way(1, 1, 12), Way(1, 3, 40)]
    answer = market.choose(a_book(), a_table(), ask(2, 10, 1), ways)
    assert (answer.way, answer.offer and answer.offer.total) == (1, 30)
    assert market.choose(a_book(), a_table(), ask(2, 10, 1), [ways[0], Way(1, 3, 31)]).way == 0


def test_a_price_is_nearer_than_no_room_and_no_room_nearer_than_too_many() -> None:
    ways = [Way(UNITS + 1, 1, 5), Way(UNITS, 20, 5), Way(1, 1, 5)]
    tried = [market.choose(a_book((12, 13, 1)), a_table(), ask(2, 23, 1), ways[:n]) for n in (1, 2, 3)]
    assert [answer.way for answer in tried] == [0, 1, 2]
    assert [answer.reason for answer in tried] == [
        Reason.TOO_MANY_UNITS,
        Reason.NO_CAPACITY,
        Reason.PRICE_ABOVE_VALUE,
    ]


@given(RESERVATIONS, WAYS, st.integers(0, 3000), st.integers(-500, 500))
def test_to_say_another_value_than_the_true_one_gains_nothing(
    reservations: list[tuple[int, int, int]], sizes: list[tuple[int, int]], value: int, lie: int
) -> None:
    def gain(said: int) -> int:
        ways = [Way(units, slots, max(0, said)) for units, slots in sizes]
        answer = market.choose(a_book(*reservations), a_table(), ask(2, 20, 1), ways)
        return value - answer.offer.total if answer.accepted and answer.offer else 0

    assert gain(value) >= gain(value + lie)


def test_a_book_refuses_an_entry_whose_predecessor_is_missing() -> None:
    with pytest.raises(ValueError, match="entry 5 does not follow 1"):
        a_book().apply(Change(5, 0, 1, 1, 0))


@given(st.lists(SPANS, max_size=8))
def test_loading_all_entries_equals_applying_them_one_by_one(entries: list[tuple[int, int, int]]) -> None:
    changes = [Change(i + 1, s, s + n, u, 0) for i, (s, n, u) in enumerate(entries)]
    one_by_one, at_once = Book(0, HORIZON), Book(0, HORIZON)
    for change in changes:
        one_by_one.apply(change)
    at_once.load(changes, len(changes))
    assert np.array_equal(one_by_one.promised, at_once.promised)
    assert one_by_one.number == at_once.number


@given(st.lists(SPANS, min_size=MANY, max_size=2 * MANY))
def test_many_entries_at_once_come_to_the_same_as_one_by_one(entries: list[tuple[int, int, int]]) -> None:
    changes = [Change(i + 1, s, s + n, *((u, 0) if i % 2 else (0, u))) for i, (s, n, u) in enumerate(entries)]
    one_by_one, at_once = Book(0, HORIZON), Book(0, HORIZON)
    for change in changes:
        one_by_one.apply(change)
    at_once.apply_all(changes)
    assert np.array_equal(one_by_one.promised, at_once.promised)
    assert np.array_equal(one_by_one.capacity, at_once.capacity)
    assert one_by_one.number == at_once.number


@pytest.mark.parametrize("count", [2, 2 * MANY])
def test_of_entries_with_a_gap_none_is_taken(count: int) -> None:
    book = a_book()
    gap = [Change(number, 0, 5, 1, 0) for number in range(2, count + 2) if number != count]
    with pytest.raises(ValueError, match=f"entry {count + 1} does not follow {count - 1}"):
        book.apply_all(gap)
    assert (book.number, book.promised.sum()) == (1, 0)


NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


def in_slots(**fields: object) -> Window:
    defaults = {"units": 1, "duration": 60, "deadline": NOW + timedelta(hours=1)}
    return window(Ask(**(defaults | fields)), slot_seconds=60, horizon_slots=100, now=NOW)  # type: ignore[arg-type]


def slot(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def test_the_running_slot_is_never_sold() -> None:
    assert in_slots(earliest=NOW - timedelta(days=1)).start == slot(NOW) + 1
    assert window(Ask(1, 60, NOW), slot_seconds=60, horizon_slots=9, now=NOW.replace(second=0)).start == slot(NOW) + 1


def test_an_earliest_within_a_slot_means_the_next_one_and_one_at_its_start_means_itself() -> None:
    boundary = NOW.replace(second=0) + timedelta(minutes=5)
    assert in_slots(earliest=boundary).start == slot(boundary)
    assert in_slots(earliest=boundary + timedelta(microseconds=1)).start == slot(boundary) + 1


def test_a_deadline_within_a_slot_means_that_slot_is_not_used() -> None:
    boundary = NOW.replace(second=0) + timedelta(minutes=5)
    assert in_slots(deadline=boundary).end == slot(boundary)
    assert in_slots(deadline=boundary - timedelta(microseconds=1)).end == slot(boundary) - 1


@pytest.mark.parametrize(("seconds", "slots"), [(1, 1), (60, 1), (61, 2), (600, 10)])
def test_a_duration_is_rounded_up_to_whole_slots(seconds: int, slots: int) -> None:
    assert in_slots(duration=seconds).slots == slots


@pytest.mark.parametrize("units", [2, 7, 8, 1000])
def test_the_prior_runs_from_floor_in_an_empty_slot_to_ceiling_for_the_last_unit(units: int) -> None:
    curve = [(price, wanted) for price, wanted in utilization_prior(units, floor=10, listed=20, ceiling=100)]
    sums = PriceTable([curve], [0], floor=10, max_units=units).sums[0]
    prices = np.diff(sums)
    assert prices[0] == 100
    assert (np.diff(prices) <= 0).all()
    assert prices[-1] == 10


def test_the_only_unit_of_a_pool_costs_the_list_price() -> None:
    assert utilization_prior(1, floor=10, listed=20, ceiling=100) == [[20, 1]]
