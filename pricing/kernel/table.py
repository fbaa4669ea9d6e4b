"""Turns demand curves into rows from which the cost of any number of units is read at once.

A row says S[n], the sum of the prices P[q] over q < n, where P[q] is the highest price at which
the curve's demand exceeds q units, the floor price where there is none or a lower one: what the
unit costs that leaves q units free.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import index
from typing import Literal

import numpy as np
import numpy.typing as npt

INT64_MAX = 2**63 - 1

# Dense rows are the fastest; a week of hours for 10,000 units takes 12.8 MiB.
DENSE_BYTES = 16 * 2**20
_PIECE_BYTES = 32
_MOST_ENTRIES = 256  # of the index
_LINE_BYTES = 64  # of the processor's cache
_LAST_INDEXED = 255  # the index has 8 bits an entry; pieces beyond are found by walking on

Curve = Sequence[tuple[int, int]]
Int64Array = npt.NDArray[np.int64]
Layout = Literal["dense", "steps"]
# `(price, end)`: what units cost up to `end`, exclusive, from where the piece before ends.
Pieces = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Rows:
    """Compiled curves. Equal curves share a row: curve c's begins at byte `offsets[row_of[c]]`.

    In steps a row is its pieces, with an index before it: scan.h says what they mean.
    """

    memory: npt.NDArray[np.uint8]
    row_of: Int64Array  # per curve
    offsets: Int64Array  # per row
    max_units: int
    highest: int  # the dearest price: of a unit that leaves nothing free
    shift: int = -1  # in steps: the index has an entry for each 2^shift units; negative: dense

    @property
    def layout(self) -> Layout:
        return "dense" if self.shift < 0 else "steps"

    @property
    def nbytes(self) -> int:
        return self.memory.nbytes + self.row_of.nbytes + self.offsets.nbytes

    def addresses(self) -> Int64Array:
        """Where each curve's row begins."""
        where: Int64Array = self.memory.ctypes.data + self.offsets[self.row_of]
        return where

    def sums(self) -> Int64Array:
        """S of shape (curves, max_units + 1), read-only; a view of the rows where they are just that."""
        if self.layout == "dense":
            rows = self.memory.view(np.int64).reshape(-1, self.max_units + 1)
        else:
            pieces = [_read(self.memory[offset:], self.max_units) for offset in self.offsets]
            rows = _dense(pieces, self.max_units)
        if len(self.row_of) != len(self.offsets):
            rows = rows[self.row_of]
        rows.flags.writeable = False
        return rows


def compile_rows(curves: Sequence[Curve], *, floor: int, max_units: int, layout: Layout | None = None) -> Rows:
    """The rows of `curves`, in `layout` or in the one that `DENSE_BYTES` says.

    Raises ValueError for a curve whose demand grows with the price, or a negative number, and
    OverflowError where the dearest price times `max_units` exceeds int64.
    """
    _check_range("floor price", floor)
    _check_range("max_units", max_units)
    for curve in curves:
        _check_curve(curve)
    highest = max([floor, *(price for curve in curves for price, units in curve if units)])
    if highest * max_units > INT64_MAX:
        raise OverflowError(f"{max_units} units at {highest} micro-credits do not fit into int64")
    number: dict[Pieces, int] = {}
    row_of = [number.setdefault(_pieces(curve, floor, max_units), len(number)) for curve in curves]
    return _store(list(number), np.array(row_of, dtype=np.int64), max_units, layout)


def _store(rows: list[Pieces], row_of: Int64Array, max_units: int, layout: Layout | None) -> Rows:
    highest = max((row[0][0] for row in rows), default=0)
    if (layout or _best_layout(rows, max_units)) == "steps":
        memory, offsets, shift = _steps(rows, max_units)
        return Rows(memory, row_of, offsets, max_units, highest, shift)
    offsets = 8 * (max_units + 1) * np.arange(len(rows), dtype=np.int64)
    return Rows(_dense(rows, max_units).view(np.uint8).reshape(-1), row_of, offsets, max_units, highest)


def _best_layout(rows: list[Pieces], max_units: int) -> Layout:
    dense_bytes = 8 * len(rows) * (max_units + 1)
    pieces_bytes = _PIECE_BYTES * sum(len(row) for row in rows)
    return "steps" if dense_bytes > max(DENSE_BYTES, pieces_bytes) else "dense"


def _pieces(curve: Curve, floor: int, max_units: int) -> Pieces:
    """The curve from its dearest price on, each price up to the units demanded at it, at the end the floor."""
    pieces = []
    start = 0
    for price, units in sorted(curve, reverse=True):
        end = min(units, max_units)
        if price > floor and end > start:
            pieces.append((int(price), int(end)))
            start = end
    if start < max_units or not pieces:
        pieces.append((int(floor), max_units))
    return tuple(pieces)


def _dense(rows: list[Pieces], max_units: int) -> Int64Array:
    sums = np.zeros((len(rows), max_units + 1), dtype=np.int64)
    for row, pieces in zip(sums, rows, strict=True):
        prices, ends = np.array(pieces, dtype=np.int64).T
        np.cumsum(np.repeat(prices, np.diff(ends, prepend=0)), out=row[1:])
    return sums


def _steps(rows: list[Pieces], max_units: int) -> tuple[npt.NDArray[np.uint8], Int64Array, int]:
    """Memory, where each row's pieces begin in it, and the shift of the index before them."""
    shift = 0
    while max_units >> shift >= _MOST_ENTRIES:
        shift += 1
    index_bytes = _whole_lines((max_units >> shift) + 1)
    sizes = np.array([index_bytes + _whole_lines(_PIECE_BYTES * len(row)) for row in rows], dtype=np.int64)
    memory = np.zeros(int(sizes.sum()) + _LINE_BYTES, dtype=np.uint8)
    memory = memory[-memory.ctypes.data % _LINE_BYTES :][: int(sizes.sum())]
    offsets = np.cumsum(sizes) - sizes + index_bytes
    for offset, row in zip(offsets, rows, strict=True):
        _write(memory, int(offset), row, max_units, shift)
    return memory, offsets, shift


def _write(memory: npt.NDArray[np.uint8], offset: int, row: Pieces, max_units: int, shift: int) -> None:
    prices, ends = np.array(row, dtype=np.uint64).T
    starts = np.concatenate([np.zeros(1, dtype=np.uint64), ends[:-1]])
    sums = np.cumsum(prices * (ends - starts))
    pieces = memory[offset : offset + _PIECE_BYTES * len(row)].view(np.uint64).reshape(-1, 4)
    pieces[:, 0] = sums - prices * ends  # wraps below zero and, with what is added to it, back
    pieces[:, 1] = prices
    pieces[:, 2] = ends
    pieces[-1, 2] = INT64_MAX
    firsts = np.arange((max_units >> shift) + 1, dtype=np.uint64) << np.uint64(shift)
    numbers = np.searchsorted(ends[:-1], firsts, side="right")
    memory[offset - len(firsts) : offset] = np.minimum(numbers, _LAST_INDEXED)[::-1]


def _read(memory: npt.NDArray[np.uint8], max_units: int) -> Pieces:
    """The pieces that `_write` wrote."""
    pieces: list[tuple[int, int]] = []
    while not pieces or pieces[-1][1] < max_units:
        _, price, end, _ = memory[_PIECE_BYTES * len(pieces) :][:_PIECE_BYTES].view(np.int64).tolist()
        pieces.append((price, min(end, max_units)))
    return tuple(pieces)


def _whole_lines(size: int) -> int:
    return -(-size // _LINE_BYTES) * _LINE_BYTES


def _check_curve(curve: Curve) -> None:
    for price, units in curve:
        _check_range("price", price)
        _check_range("demand", units)
    steps = sorted(curve)
    for (cheap, many), (dear, few) in pairwise(steps):
        if cheap == dear:
            raise ValueError(f"price {dear} stands twice in one demand curve")
        if few > many:
            raise ValueError(f"demand must not grow with the price: {few} units at {dear}, {many} at {cheap}")


def _check_range(name: str, value: int) -> None:
    if index(value) < 0:  # index refuses 1.5, which int64 would cut to 1
        raise ValueError(f"{name} {value} is negative")
    if value > INT64_MAX:
        raise OverflowError(f"{name} {value} does not fit into int64")
