"""Decides which reservations keep their slot, are moved or end when fewer units are left than were promised. No Django.

What is to be kept is price: what a buyer agreed to pay is the value that the platform knows of without having to
believe it. The rule, and how far it is from the best that could be done: docs/pricing.md.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from pricing.book import Int64Array

TRIALS, LOOKS = 2_000, 500_000
"""How often at most others are asked to make room, and how many others are looked at for that in all: what bounds
the time that a plan takes."""


class Booking(NamedTuple):
    """`units` in [start, end) at `price`. It may begin anew at `earliest` or later and must end by `latest`;
    what has `begun` can't be moved, and goes before all that has not."""

    key: Hashable
    units: int
    start: int
    end: int
    earliest: int
    latest: int
    price: int
    begun: bool = False

    @property
    def slots(self) -> int:
        return self.end - self.start

    @property
    def rank(self) -> tuple[bool, float, int]:
        """The best go first: begun, then by price for a unit and slot, then by price."""
        return not self.begun, -self.price / (self.units * self.slots), -self.price

    @property
    def leeway(self) -> int:
        """How many other starts it has."""
        return 0 if self.begun else max(0, self.latest - self.earliest - self.slots)


Plan = dict[Hashable, int | None]
"""The new start of each booking that is moved; None for one that ends. Those that keep their slot are not in it."""


def plan(bookings: Iterable[Booking], left: Int64Array, first: int, until: int) -> Plan:
    """What happens to `bookings` so that no slot of [first, until) is over-promised.

    `left` are the units that are there and not promised, per slot from `first` on, below 0 where too much is
    promised; the promises to `bookings` are among those, and all of them end within it. A booking that has no part
    in a slot of [first, until) that is over-promised is left alone, and no slot is made worse.
    """
    short = np.flatnonzero(left[: until - first] < 0) + first
    affected = sorted((one for one in bookings if _touches(one, short)), key=lambda one: one.rank)
    desk = _Desk(left.copy(), first, until)
    for one in affected:
        desk.add(one, one.start, -1)
    waiting = [one for one in affected if not desk.take(one, one.start)]
    waiting = [one for one in waiting if not desk.take(one, desk.nearest(one))]
    _make_room(desk, waiting)
    for one in affected:
        if desk.starts.get(one.key, one.start) != one.start:
            desk.go_home(one)
    return {one.key: start for one in affected if (start := desk.starts.get(one.key)) != one.start}


def _touches(one: Booking, slots: Int64Array) -> bool:
    place = int(np.searchsorted(slots, one.start))
    return place < len(slots) and int(slots[place]) < one.end


class _Desk:
    """What is left in each slot from `first` on while bookings are given their starts. Slots before it don't matter,
    and from `until` on it doesn't matter whether what was promised there is there."""

    def __init__(self, left: Int64Array, first: int, until: int) -> None:
        self.left, self.first, self.until = left, first, until
        self.starts: dict[Hashable, int] = {}
        self.placed: dict[Hashable, Booking] = {}

    def part(self, start: int, end: int) -> Int64Array:
        return self.left[max(0, start - self.first) : max(0, end - self.first)]

    def add(self, one: Booking, start: int, sign: int = 1) -> None:
        self.part(start, start + one.slots)[:] -= sign * one.units

    def take(self, one: Booking, start: int | None) -> bool:
        """Give it this start if it fits there."""
        if start is None:
            return False
        judged = min(one.end, self.until) if start == one.start else start + one.slots
        if self.part(start, judged).min(initial=one.units) < one.units:
            return False
        self.add(one, start)
        self.starts[one.key], self.placed[one.key] = start, one
        return True

    def drop(self, one: Booking) -> int:
        """Take its start from it; returns which that was."""
        start = self.starts.pop(one.key)
        self.add(one, start, -1)
        del self.placed[one.key]
        return start

    def go_home(self, one: Booking) -> None:
        """Give it the start that it was promised, if that is free after all."""
        elsewhere = self.drop(one)
        if not self.take(one, one.start):
            self.take(one, elsewhere)

    def nearest(self, one: Booking) -> int | None:
        """The start within its window at which it fits that is nearest to the promised one; the earlier of two."""
        starts = self._starts(one)
        if not len(starts):
            return None
        lacking = self._lacking(one, starts, (self.left < one.units).astype(np.int64))
        fitting = starts[lacking == 0]
        return int(fitting[np.abs(fitting - one.start).argmin()]) if len(fitting) else None

    def tightest(self, one: Booking) -> Iterator[int]:
        """Starts at which it would be worth to have others make room: its own, and where least is lacking."""
        yield one.start
        starts = self._starts(one)
        if len(starts):
            lacking = self._lacking(one, starts, np.maximum(one.units - self.left, 0))
            if (best := int(starts[lacking.argmin()])) != one.start:
                yield best

    def _starts(self, one: Booking) -> Int64Array:
        earliest = max(one.earliest, self.first)
        latest = min(one.latest, self.first + len(self.left)) - one.slots
        return np.arange(earliest, latest + 1 if not one.begun else earliest, dtype=np.int64)

    def _lacking(self, one: Booking, starts: Int64Array, missing: Int64Array) -> Int64Array:
        """Per start, the sum of `missing` over the slots from it on."""
        sums = np.concatenate(([0], np.cumsum(missing)))
        places = starts - self.first
        lacking: Int64Array = sums[places + one.slots] - sums[places]
        return lacking


def _make_room(desk: _Desk, waiting: list[Booking]) -> None:
    """Try to keep those that found no place by moving, or ending, others of less price. Never keeps less."""
    trials = min(TRIALS, LOOKS // max(1, len(desk.placed)))
    waiting = sorted(waiting, key=lambda one: (not one.begun, -one.price))
    while waiting and trials > 0:
        one = waiting.pop(0)
        for start in desk.tightest(one):
            for by_leeway in (True, False):
                trials -= 1
                lost = _exchange(desk, one, start, by_leeway=by_leeway)
                if lost is not None:
                    waiting += lost
                    break
            else:
                continue
            break


def _exchange(desk: _Desk, one: Booking, start: int, *, by_leeway: bool) -> list[Booking] | None:
    """Put `one` at `start`, and who is in its way elsewhere; returns who then has no place.

    None, and nothing changed, where that would not keep more than before.
    """
    before = dict(desk.starts)
    removed: list[Booking] = []
    for other in _in_the_way(desk, one, start, by_leeway=by_leeway):
        if desk.take(one, start):
            break
        desk.drop(other)
        removed.append(other)
    if one.key in desk.starts or desk.take(one, start):
        removed.sort(key=lambda other: other.rank)
        homeless = [other for other in removed if not desk.take(other, before[other.key])]
        lost = [other for other in homeless if not desk.take(other, desk.nearest(other))]
        if sum(other.price for other in lost) < one.price:
            return lost
    _restore(desk, before, [one, *removed])
    return None


def _in_the_way(desk: _Desk, one: Booking, start: int, *, by_leeway: bool) -> list[Booking]:
    """Who might make room, those first that can go elsewhere or that are worth least. What has begun stays."""
    end = start + one.slots
    others = [
        other
        for key, other in desk.placed.items()
        if not other.begun and desk.starts[key] < end and start < desk.starts[key] + other.slots
    ]
    if by_leeway:
        return sorted(others, key=lambda other: (-other.leeway, -other.rank[1]))
    return sorted(others, key=lambda other: other.rank, reverse=True)


def _restore(desk: _Desk, before: dict[Hashable, int], changed: list[Booking]) -> None:
    for each in changed:
        if each.key in desk.starts:
            desk.drop(each)
    for each in changed:
        if each.key in before:
            desk.add(each, before[each.key])
            desk.starts[each.key], desk.placed[each.key] = before[each.key], each
