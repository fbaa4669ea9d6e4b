"""The words of the market, without Django: what is asked, what is answered, and why not."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from era_platform.common import clock

MAX_UNITS = 1_000_000
MAX_DURATION = 366 * 86_400
MAX_CONFIGURATIONS = 16
MAX_NODES = 64


class Reason(StrEnum):
    """Why a request is refused."""

    WINDOW_TOO_SHORT = "window_too_short"
    BEYOND_HORIZON = "beyond_horizon"
    TOO_MANY_UNITS = "too_many_units"
    NO_CAPACITY = "no_capacity"
    PRICE_ABOVE_VALUE = "price_above_value"


class Configuration(NamedTuple):
    """One way to run: `units` for `duration` seconds, worth `value` micro-credits (None: not said)."""

    units: int
    duration: int
    value: int | None = None


@dataclass(frozen=True)
class Ask:
    """What a buyer asks for: `units` for `duration` seconds between `earliest` and `deadline`.

    `value` is micro-credits, None where the buyer only wants to know the price. A flexible ask has
    further configurations, `also`, any one of which will do. Units come in multiples of `step`, also in
    what is offered instead.
    """

    units: int
    duration: int
    deadline: datetime
    earliest: datetime | None = None
    value: int | None = None
    also: tuple[Configuration, ...] = ()
    step: int = 1

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        return (Configuration(self.units, self.duration, self.value), *self.also)


class Window(NamedTuple):
    """An ask in slots: `slots` of them, in [start, end). `horizon` is the first slot that can't be booked."""

    slots: int
    start: int
    end: int
    horizon: int

    @property
    def stop(self) -> int:
        """Where the part of it that can be booked ends."""
        return min(self.end, self.horizon)


class Way(NamedTuple):
    """A configuration in slots."""

    units: int
    slots: int
    value: int | None = None


class Limits(NamedTuple):
    """How many units, in multiples of `step`, and for how many slots can be had in one request; None: no limit."""

    min_units: int = 1
    max_units: int | None = None
    min_slots: int = 1
    max_slots: int | None = None
    step: int = 1

    def holds_units(self, units: int) -> bool:
        return self.min_units <= units and (self.max_units is None or units <= self.max_units)

    def holds_slots(self, slots: int) -> bool:
        return self.min_slots <= slots and (self.max_slots is None or slots <= self.max_slots)


NO_LIMITS = Limits()


def ways(ask: Ask, *, slot_seconds: int) -> tuple[Way, ...]:
    """The ask's configurations in whole slots, in the same order."""
    return tuple(Way(each.units, -(-each.duration // slot_seconds), each.value) for each in ask.configurations)


def window(ask: Ask, *, slot_seconds: int, horizon_slots: int, now: datetime) -> Window:
    """The ask in whole slots: never the running one, never a part of one.

    A deadline beyond the horizon counts as the horizon's end: what starts before it still meets it.
    """
    first = clock.slot_at(now, slot_seconds) + 1
    start = first if ask.earliest is None else max(first, clock.slot_at_or_after(ask.earliest, slot_seconds))
    return Window(
        slots=-(-ask.duration // slot_seconds),
        start=start,
        end=clock.slot_at(ask.deadline, slot_seconds),
        horizon=first + horizon_slots,
    )


class Offer(NamedTuple):
    """A start and a price; `end_slot` is exclusive, `total` micro-credits."""

    start_slot: int
    end_slot: int
    total: int


class AlternativeKind(StrEnum):
    VALUE = "value"  # the least value that would do
    DEADLINE = "deadline"  # the smallest later deadline that would do at this value
    UNITS = "units"  # the most units that would do at this value
    DURATION = "duration"  # the longest run that would do at this value


class Alternative(NamedTuple):
    """What would be accepted instead: these units, by this end, for this value; all else as asked.

    `way` is the configuration that it comes from; how long it runs, in slots, is the offer's length.
    """

    kind: AlternativeKind
    units: int
    value: int | None
    deadline_slot: int
    offer: Offer
    way: int = 0


class Priced(NamedTuple):
    """What one configuration would cost, or why it can't be had."""

    reason: Reason | None
    offer: Offer | None


class MenuKind(StrEnum):
    EARLIEST = "earliest"  # the first start that fits
    KNEE = "knee"  # from where on waiting saves less
    CHEAPEST = "cheapest"  # the market's choice


class MenuEntry(NamedTuple):
    """A start that a buyer can have by asking for just that window."""

    kind: MenuKind
    offer: Offer


@dataclass(frozen=True)
class Answer:
    """The market's answer. `offer` is the cheapest start if there is any, whether or not V reaches its price.

    `way` is the configuration that the answer is about, and `priced` what each of them came to.
    """

    window: Window
    reason: Reason | None
    offer: Offer | None
    alternatives: tuple[Alternative, ...] = field(default=())
    way: int = 0
    priced: tuple[Priced, ...] = field(default=())

    @property
    def accepted(self) -> bool:
        return self.reason is None
