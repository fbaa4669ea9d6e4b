"""What a decision gives: when a request would start, and what it would cost; and the same for many."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]

ANY_VALUE = 2**63 - 1


class Offer(NamedTuple):
    """The start as an absolute slot, and the total in micro-credits for all its slots."""

    start: int
    total: int


class Request(NamedTuple):
    """`units` for `slots` slots inside [start, end), worth `value` micro-credits."""

    units: int
    slots: int
    start: int
    end: int
    value: int = ANY_VALUE


class Outcome(IntEnum):
    """What became of one of many requests. The numbers are those of scan.h."""

    ACCEPTED = 0
    WINDOW_TOO_SHORT = 1
    BEYOND_HORIZON = 2
    TOO_MANY_UNITS = 3
    NO_CAPACITY = 4
    PRICE_ABOVE_VALUE = 5


class Decisions(NamedTuple):
    """Per request an `Outcome`, a start and a total, and the book's promises with what was accepted.

    A request that is not worth its price has the start and total it would have had; where nothing
    fits, both are -1.
    """

    outcomes: Int64Array
    starts: Int64Array
    totals: Int64Array
    promised: Int64Array
