"""What a plan does when units are lost, by itself: against a slow model that tries everything."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.replanning import Booking, Plan, plan

FIRST, SLOTS = 1_000, 10
Days = list[int]
"""Units that are left in each slot, in plain integers."""


@dataclass
class Loss:
    """Bookings that fit on `units` in each slot, and the units that are left after `lost` are gone."""

    bookings: list[Booking]
    units: int
    lost: int

    @property
    def left(self) -> Days:
        return self.without({one.key: one.start for one in self.bookings})

    def without(self, starts: dict[object, int | None]) -> Days:
        """What is left with each booking at its start; None: it ended."""
        left = [self.units - self.lost] * SLOTS
        for one in self.bookings:
            start = starts[one.key]
            for slot in () if start is None else range(max(start, FIRST), start + one.slots):
                left[slot - FIRST] -= one.units
        return left

    def planned(self, until: int = FIRST + SLOTS) -> Plan:
        return plan(self.bookings, np.array(self.left, dtype=np.int64), FIRST, until)

    def after(self, decided: Plan) -> dict[object, int | None]:
        return {one.key: decided.get(one.key, one.start) for one in self.bookings}

    def kept(self, starts: dict[object, int | None]) -> int:
        return sum(one.price for one in self.bookings if starts[one.key] is not None)

    def best(self) -> int:
        """The most that can be kept, by trying every start of every booking."""
        return self._best(0, {one.key: None for one in self.bookings}, 0)

    def _best(self, place: int, starts: dict[object, int | None], kept: int) -> int:
        if place == len(self.bookings):
            return kept
        one = self.bookings[place]
        tried = [self._best(place + 1, starts, kept)]
        for start in {one.start, *range(one.earliest, one.latest - one.slots + 1)}:
            chosen = {**starts, one.key: start}
            if min(self.without(chosen)) >= 0:
                tried.append(self._best(place + 1, chosen, kept + one.price))
        return max(tried)


@st.composite
def losses(draw: st.DrawFn, most: int = 8) -> Loss:
    units = draw(st.integers(1, 6))
    loss = Loss([], units, draw(st.integers(1, units)))
    for number in range(draw(st.integers(1, most))):
        slots, wanted = draw(st.integers(1, 4)), draw(st.integers(1, units))
        begins = draw(st.integers(-1, SLOTS - slots))
        room = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        start = FIRST + begins
        one = Booking(
            key=number,
            units=wanted,
            start=start,
            end=start + slots,
            earliest=max(FIRST, start - room[0]),
            latest=min(FIRST + SLOTS, start + slots + room[1]),
            price=draw(st.integers(0, 50)) * wanted * slots,
            begun=begins < 0 or draw(st.integers(0, 5)) == 0,
        )
        before = Loss([*loss.bookings, one], units, 0)
        if min(before.left) >= 0:
            loss.bookings.append(one)
    return loss


@settings(max_examples=150, deadline=None)
@given(loss=losses())
def test_nothing_is_over_promised_and_everybody_stays_moves_within_its_window_or_ends(loss: Loss) -> None:
    after = loss.after(loss.planned())
    assert min(loss.without(after)) >= 0
    for one in loss.bookings:
        start = after[one.key]
        if start not in (None, one.start):
            assert not one.begun
            assert one.earliest <= start <= one.latest - one.slots


@settings(max_examples=150, deadline=None)
@given(loss=losses())
def test_who_has_no_part_in_a_slot_that_is_short_is_left_alone(loss: Loss) -> None:
    short = {FIRST + place for place, left in enumerate(loss.left) if left < 0}
    for key in loss.planned():
        assert short & set(range(loss.bookings[_place(loss, key)].start, loss.bookings[_place(loss, key)].end))


@settings(max_examples=150, deadline=None)
@given(loss=losses())
def test_who_has_begun_ends_only_for_others_that_have(loss: Loss) -> None:
    decided = loss.planned()
    begun = Loss([one for one in loss.bookings if one.begun], loss.units, loss.lost)
    for one in begun.bookings:
        if decided.get(one.key, one.start) is None:
            assert min(begun.left) < 0


@settings(max_examples=150, deadline=None)
@given(loss=losses(most=6))
def test_never_less_is_kept_than_by_ending_whoever_is_worth_least(loss: Loss) -> None:
    """The simple way: by price for a unit and slot, each at its own start or not at all."""
    starts: dict[object, int | None] = {one.key: None for one in loss.bookings}
    for one in sorted(loss.bookings, key=lambda one: one.rank):
        if min(loss.without({**starts, one.key: one.start})) >= 0:
            starts[one.key] = one.start
    assert loss.kept(loss.after(loss.planned())) >= loss.kept(starts)


@settings(max_examples=60, deadline=None)
@given(loss=losses(most=5))
def test_no_more_is_kept_than_the_best_and_all_of_it_where_all_fits(loss: Loss) -> None:
    kept, best = loss.kept(loss.after(loss.planned())), loss.best()
    assert kept <= best


def booking(key: int, start: int, **fields: int) -> Booking:
    """One unit for two slots at 10, in no other slots."""
    given = {"units": 1, "slots": 2, "price": 10, "before": 0, "after": 0} | fields
    begins, ends = FIRST + start, FIRST + start + given["slots"]
    return Booking(key, given["units"], begins, ends, begins - given["before"], ends + given["after"], given["price"])


def test_a_cheap_one_that_can_move_makes_room_for_one_that_cannot() -> None:
    loss = Loss([booking(1, 0, price=50, after=4), booking(2, 0, price=10)], units=2, lost=1)
    assert loss.planned() == {1: FIRST + 2}


def test_the_one_that_paid_least_ends_where_nobody_can_move() -> None:
    loss = Loss([booking(1, 0, price=5), booking(2, 0, price=10)], units=2, lost=1)
    assert loss.planned() == {1: None}


def test_two_that_together_paid_more_stay_for_one_that_paid_more_than_each() -> None:
    loss = Loss(
        [booking(1, 0, units=2, slots=4, price=15), booking(2, 0, price=9), booking(3, 2, price=9)], units=3, lost=1
    )
    assert loss.kept(loss.after(loss.planned())) == 18


def test_it_moves_to_the_nearest_start_and_to_the_earlier_of_two() -> None:
    loss = Loss([booking(1, 4, price=90), booking(2, 4, before=4, after=4)], units=2, lost=1)
    assert loss.planned() == {2: FIRST + 2}


def test_slots_beyond_the_limit_are_left_for_later() -> None:
    loss = Loss([booking(1, 0), booking(2, 0), booking(3, 6), booking(4, 6)], units=2, lost=1)
    assert set(loss.planned(until=FIRST + 5)) <= {1, 2}


def _place(loss: Loss, key: object) -> int:
    return [one.key for one in loss.bookings].index(key)
