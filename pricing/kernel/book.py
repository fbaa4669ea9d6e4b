"""Changes to ranges of a book's arrays: all of the range, or nothing and an error.

The arrays are int64, in units per slot; element 0 is absolute slot `first_slot`.
"""

import numpy as np
import numpy.typing as npt

INT64_MAX = 2**63 - 1

Int64Array = npt.NDArray[np.int64]


def apply(
    promised: Int64Array,
    capacity: Int64Array,
    *,
    first_slot: int,
    units: int,
    start: int,
    end: int,
) -> None:
    """Promise `units` in every slot of [start, end); ValueError where they are not free."""
    _check_units(units)
    free = _part(capacity, first_slot, start, end) - _part(promised, first_slot, start, end)
    short = np.flatnonzero(free < min(units, INT64_MAX))
    if short.size:
        slot, left = start + int(short[0]), int(free[short[0]])
        raise ValueError(f"slot {slot} has {left} units free, not {units}")
    change(promised, first_slot=first_slot, delta=units, start=start, end=end)


def release(promised: Int64Array, *, first_slot: int, units: int, start: int, end: int) -> None:
    """Give `units` back in every slot of [start, end); ValueError where fewer are promised."""
    _check_units(units)
    change(promised, first_slot=first_slot, delta=-units, start=start, end=end)


def change(levels: Int64Array, *, first_slot: int, delta: int, start: int, end: int) -> None:
    """Add `delta`, of either sign, to every slot of [start, end) of promised or of capacity.

    This replays a book entry: it does not ask whether promises fit into capacity, since an
    operator may have taken capacity away. ValueError where a level would fall below zero,
    OverflowError where it would exceed int64.
    """
    part = _part(levels, first_slot, start, end)
    if not part.size:
        return
    lowest, highest = int(part.min()) + delta, int(part.max()) + delta
    if lowest < 0:
        slot = start + int(part.argmin())
        raise ValueError(f"slot {slot} would fall to {lowest} units")
    if highest > INT64_MAX:
        slot = start + int(part.argmax())
        raise OverflowError(f"slot {slot} would rise to {highest} units, which exceeds int64")
    part += delta


def _part(levels: Int64Array, first_slot: int, start: int, end: int) -> Int64Array:
    if levels.dtype != np.int64:
        raise ValueError(f"levels must be int64, not {levels.dtype}")
    if not first_slot <= start <= end <= first_slot + len(levels):
        last = first_slot + len(levels)
        raise ValueError(f"slots [{start}, {end}) do not lie in [{first_slot}, {last})")
    return levels[start - first_slot : end - first_slot]


def _check_units(units: int) -> None:
    if units < 1:
        raise ValueError(f"units must be at least 1, not {units}")
