"""Random histories of a market, and two markets that live through them: the platform's code, and a slow serial model.

The model holds plain integers in dictionaries, and prices by `pricing.kernel.reference`; it shares nothing with
the arrays, snapshots, tables and passes that it is held against.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st

from pricing import decisions
from pricing.book import Book, Change, Steps
from pricing.decisions import Terms
from pricing.domain import Answer, Ask, Configuration, Reason
from pricing.kernel import Offer, PriceTable, reference

SLOT_SECONDS = 60
FIRST = 30_000_000  # the slot in which every history begins
ENDLESS = 2**62

Curve = list[tuple[int, int]]


# --- what happens ---


class Wanted(NamedTuple):
    """Somebody asks for any one of `ways`, (units, seconds, value) each; `binds` says whether a yes is taken.

    The window begins `wait` seconds from now, or at once, and is `until` seconds long.
    """

    ways: list[Configuration]
    wait: int | None
    until: int
    binds: bool


class GivenBack(NamedTuple):
    """A reservation is cancelled, or ends early: what of it has not begun is free again."""

    which: int


class Capacity(NamedTuple):
    change: int
    wait: int
    slots: int | None


class Refit(NamedTuple):
    curves: list[Curve]
    floor: int


class Passes(NamedTuple):
    seconds: int


class Snapshot(NamedTuple):
    """What the book comes to is written down."""


class Crash(NamedTuple):
    """The process is gone, and a new one begins with what was written down."""


class NewHorizon(NamedTuple):
    slots: int


Event = Wanted | GivenBack | Capacity | Refit | Passes | Snapshot | Crash | NewHorizon


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    prices = draw(st.lists(st.integers(0, 1_000_000), max_size=5, unique=True).map(sorted))
    units = draw(st.lists(st.integers(0, 12), min_size=len(prices), max_size=len(prices)).map(sorted))
    return list(zip(reversed(prices), units, strict=True))


_ways = st.builds(
    Configuration,
    st.integers(1, 4) | st.integers(1, 9),
    st.integers(1, 5 * SLOT_SECONDS),
    st.none() | st.integers(0, 20_000_000),
)
_asked = st.builds(
    Wanted,
    ways=st.tuples(_ways).map(list) | st.lists(_ways, min_size=1, max_size=3),
    wait=st.none() | st.integers(-2 * SLOT_SECONDS, 8 * SLOT_SECONDS),
    until=st.integers(4 * SLOT_SECONDS, 16 * SLOT_SECONDS) | st.integers(0, 24 * SLOT_SECONDS),
    binds=st.sampled_from([True, True, True, False]),
)
_others: list[st.SearchStrategy[Event]] = [
    st.builds(GivenBack, st.integers(0, 30)),
    st.builds(Capacity, st.integers(-4, 4), st.integers(0, 8), st.none() | st.integers(1, 10)),
    st.builds(Refit, st.lists(curves(), min_size=1, max_size=3), st.integers(0, 50_000)),
    st.builds(Passes, st.integers(1, 4 * SLOT_SECONDS)),
    st.just(Snapshot()),
    st.just(Crash()),
    st.builds(NewHorizon, st.integers(1, 24)),
]
# Somebody asks every other time: `one_of` alone would make that one of many things that happen.
EVENTS: st.SearchStrategy[Event] = st.booleans().flatmap(lambda asks: _asked if asks else st.one_of(_others))
HISTORIES = st.lists(EVENTS, min_size=15, max_size=40)


# --- the platform's code ---


class Kept(NamedTuple):
    """A receipt."""

    number: int
    version: int
    terms: dict[str, Any]
    ask: Ask
    now: datetime
    answer: Answer


class Platform:
    """The arrays, snapshots and tables as processes use them, on a log of entries that only grows."""

    def __init__(self, forecast: Refit) -> None:
        self.log: list[Change] = []
        self.snapshots: list[tuple[int, int, bytes]] = []
        self.forecasts = [forecast]
        self.receipts: list[Kept] = []
        self.terms = Terms(SLOT_SECONDS, 16)
        self._book: Book | None = None

    def append(self, start: int, end: int, units: int = 0, capacity: int = 0) -> None:
        self.log.append(Change(len(self.log) + 1, start, end, units, capacity))

    def crash(self) -> None:
        self._book = None

    def write_snapshot(self, first_slot: int) -> None:
        self.snapshots.append((len(self.log), first_slot, self._steps(len(self.log), first_slot).to_bytes()))

    def decide(self, ask: Ask, now: datetime) -> Answer:
        first, horizon = self.terms.span(now)
        book = self._book
        if book is None or not book.covers(first, horizon):
            book = self._book = self.as_of(len(self.log), first, horizon + 3)
        book.apply_all(self.log[book.number :])
        answer = decisions.decide(book, self._table(len(self.forecasts)), self.terms, ask, now)
        self.receipts.append(Kept(book.number, len(self.forecasts), self.terms.kept(), ask, now, answer))
        return answer

    def recompute(self, kept: Kept) -> Answer:
        terms = Terms.read(kept.terms)
        book = self.as_of(kept.number, *terms.span(kept.now))
        return decisions.decide(book, self._table(kept.version), terms, kept.ask, kept.now)

    def as_of(self, number: int, start: int, end: int) -> Book:
        book = Book(start, end - start)
        book.load_steps(self._steps(number, start), number)
        return book

    def _steps(self, number: int, first_slot: int) -> Steps:
        usable = [each for each in self.snapshots if each[0] <= number and each[1] <= first_slot]
        after, _first, packed = usable[-1] if usable else (0, 0, b"")
        known = Steps.from_bytes(packed).since(first_slot) if usable else Steps.of([])
        return known.plus(Steps.of(_steps_of(self.log[after:number], first_slot)))

    def _table(self, version: int) -> PriceTable:
        forecast = self.forecasts[version - 1]
        return PriceTable(forecast.curves, range(len(forecast.curves)), floor=forecast.floor, max_units=64)


def _steps_of(entries: list[Change], first_slot: int) -> Iterator[tuple[int, int, int]]:
    for entry in entries:
        if entry.end_slot > first_slot:
            yield max(entry.start_slot, first_slot), entry.units, entry.capacity
            yield entry.end_slot, -entry.units, -entry.capacity


# --- the slow serial model ---

_NEARNESS: list[Reason | None] = [
    Reason.WINDOW_TOO_SHORT,
    Reason.BEYOND_HORIZON,
    Reason.TOO_MANY_UNITS,
    Reason.NO_CAPACITY,
]


@dataclass
class Model:
    """One dictionary of what is promised and one of what is there, both per slot; nothing is ever read anew."""

    promised: dict[int, int]
    supply: dict[int, int]
    forecast: Refit
    horizon: int

    @classmethod
    def empty(cls, forecast: Refit, horizon: int) -> "Model":
        return cls(defaultdict(int), defaultdict(int), forecast, horizon)

    def promise(self, start: int, end: int, units: int) -> None:
        for slot in range(start, end):
            self.promised[slot] += units

    def supply_more(self, start: int, end: int, change: int) -> None:
        for slot in range(start, min(end, FIRST + 2_000)):
            self.supply[slot] += change

    def answer(
        self, units: int, slots: int, start: int, end: int, value: int | None, running: int
    ) -> tuple[Reason | None, Offer | None]:
        horizon = running + 1 + self.horizon
        if end - start < slots:
            return Reason.WINDOW_TOO_SHORT, None
        if start + slots > horizon:
            return Reason.BEYOND_HORIZON, None
        window = range(start, min(end, horizon))
        book = {slot: self._slot(slot) for slot in window}
        if all(slot.capacity < units for slot in book.values()):
            return Reason.TOO_MANY_UNITS, None
        offer = reference.decide(book, self.forecast.floor, units, slots, window.start, window.stop)
        if offer is None:
            return Reason.NO_CAPACITY, None
        refused = value is not None and not reference.accepts(offer, value)
        return Reason.PRICE_ABOVE_VALUE if refused else None, offer

    def best(
        self, ways: list[Configuration], start: int, end: int, running: int
    ) -> tuple[int, Reason | None, Offer | None]:
        """Which of the configurations wins: by value minus price, the first of equals, and what comes of it.

        Where none has a price, the one whose reason is the nearest to a yes.
        """
        outcomes = [
            self.answer(way.units, -(-way.duration // SLOT_SECONDS), start, end, way.value, running) for way in ways
        ]
        ranked = []
        for place, (way, (reason, offer)) in enumerate(zip(ways, outcomes, strict=True)):
            if offer is None:
                ranked.append(((_NEARNESS.index(reason), 0, -place), place))
            else:
                value = 2**63 - 1 if way.value is None else way.value
                ranked.append(((len(_NEARNESS), value - offer.total, -place), place))
        place = max(ranked)[1]
        return (place, *outcomes[place])

    def _slot(self, slot: int) -> reference.Slot:
        curve = self.forecast.curves[slot % len(self.forecast.curves)]
        return reference.Slot(max(0, self.supply[slot]), self.promised[slot], curve)


# --- living through it ---


class World:
    """Both markets, and the clock. `live` raises AssertionError where they part."""

    def __init__(self) -> None:
        forecast = Refit([[(900_000, 2), (40_000, 5)], [(70_000, 7)]], 10_000)
        self.platform = Platform(forecast)
        self.model = Model.empty(forecast, self.platform.terms.horizon_slots)
        self.seconds = FIRST * SLOT_SECONDS + 17
        self.sold: list[tuple[int, int, int]] = []
        self._capacity(Capacity(6, -1, None))

    @property
    def running(self) -> int:
        return self.seconds // SLOT_SECONDS

    def live(self, history: list[Event]) -> None:
        for event in history:
            self._happen(event)
        for kept in self.platform.receipts:
            assert self.platform.recompute(kept) == kept.answer, f"the receipt of {kept} does not verify"

    def _happen(self, event: Event) -> None:
        match event:
            case Wanted():
                self._wanted(event)
            case GivenBack():
                self._given_back(event)
            case Capacity():
                self._capacity(event)
            case Refit():
                self._refit(event)
            case Passes(seconds):
                self.seconds += seconds
            case Snapshot():
                self.platform.write_snapshot(self.running)
            case Crash():
                self.platform.crash()
            case NewHorizon(slots):
                self.platform.terms = self.platform.terms._replace(horizon_slots=slots)
                self.model.horizon = slots

    def _wanted(self, event: Wanted) -> None:
        ask, start, end = self._in_slots(event)
        got = self.platform.decide(ask, _moment(self.seconds))
        place, reason, offer = self.model.best(event.ways, start, end, self.running)
        assert (got.way, got.reason) == (place, reason)
        assert (got.offer and (got.offer.start_slot, got.offer.total)) == (offer and tuple(offer))
        for other in got.alternatives:
            length = other.offer.end_slot - other.offer.start_slot
            instead = self.model.answer(other.units, length, start, other.deadline_slot, other.value, self.running)
            assert instead == (None, (other.offer.start_slot, other.offer.total)), other
        if event.binds and got.accepted and offer:
            chosen = event.ways[place]
            run = (offer.start, offer.start - (-chosen.duration // SLOT_SECONDS), chosen.units)
            self.platform.append(run[0], run[1], units=run[2])
            self.model.promise(*run)
            self.sold.append(run)

    def _in_slots(self, event: Wanted) -> tuple[Ask, int, int]:
        """The ask, and its window's first slot and the one after its last."""
        earliest = None if event.wait is None else self.seconds + event.wait
        deadline = (self.seconds if earliest is None else earliest) + event.until
        begins = None if earliest is None else _moment(earliest)
        (units, seconds, value), *also = event.ways
        ask = Ask(units, seconds, _moment(deadline), begins, value, tuple(also))
        first = self.running + 1
        start = first if earliest is None else max(first, -(-earliest // SLOT_SECONDS))
        return ask, start, deadline // SLOT_SECONDS

    def _given_back(self, event: GivenBack) -> None:
        if self.sold:
            start, end, units = self.sold.pop(event.which % len(self.sold))
            start = max(start, self.running + 1)
            if start < end:
                self.platform.append(start, end, units=-units)
                self.model.promise(start, end, -units)

    def _capacity(self, event: Capacity) -> None:
        if event.change:
            start = self.running + 1 + event.wait
            end = ENDLESS if event.slots is None else start + event.slots
            self.platform.append(start, end, capacity=event.change)
            self.model.supply_more(start, end, event.change)

    def _refit(self, event: Refit) -> None:
        self.platform.forecasts.append(event)
        self.model.forecast = event


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
