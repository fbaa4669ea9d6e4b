"""The words of the market, without Django: what is asked, what is answered, and why not."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from era_platform.common import clock

MAX_UNITS = 1_000_000
MAX_DURATION = 366 * 86_400


class Reason(StrEnum):
    """Why a request is refused."""

    WINDOW_TOO_SHORT = "window_too_short"
    BEYOND_HORIZON = "beyond_horizon"
    TOO_MANY_UNITS = "too_many_units"
    NO_CAPACITY = "no_capacity"
    PRICE_ABOVE_VALUE = "price_above_value"


@dataclass(frozen=True)
class Ask:
    """What a buyer asks for: `units` for `duration` seconds between `earliest` and `deadline`.

    `value` is micro-credits, None where the buyer only wants to know the price.
    """

    units: int
    duration: int
    deadline: datetime
    earliest: datetime | None = None
    value: int | None = None


class Window(NamedTuple):
    """An ask in slots: `slots` of them, in [start, end). `horizon` is the first slot that can't be booked."""

    slots: int
    start: int
    end: int
    horizon: int


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


@dataclass(frozen=True)
class Offer:
    """A start and a price; `end_slot` is exclusive, `total` micro-credits."""

    start_slot: int
    end_slot: int
    total: int


class AlternativeKind(StrEnum):
    VALUE = "value"  # the least value that would do
    DEADLINE = "deadline"  # the smallest later deadline that would do at this value
    UNITS = "units"  # the most units that would do at this value


@dataclass(frozen=True)
class Alternative:
    """What would be accepted instead: these units, by this end, for this value; all else as asked."""

    kind: AlternativeKind
    units: int
    value: int | None
    deadline_slot: int
    offer: Offer


@dataclass(frozen=True)
class Answer:
    """The market's answer. `offer` is the cheapest start if there is any, whether or not V reaches its price."""

    window: Window
    reason: Reason | None
    offer: Offer | None
    alternatives: tuple[Alternative, ...] = field(default=())

    @property
    def accepted(self) -> bool:
        return self.reason is None
