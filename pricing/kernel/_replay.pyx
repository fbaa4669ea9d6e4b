# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Plays a history of requests through one set of prices, on a book of its own, without the GIL.

The arithmetic of each decision is that of `_scan`; what differs is that a slot's prices depend on how
far ahead of the request it lies, so the row to read is found by the slot's lag instead of its season.
Every input is validated before the unchecked loops see it.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint64_t

import numpy as np


def replay(const int64_t[:, ::1] sums not None, const int64_t[::1] row_of not None, *,
           arrival, units, slots, start, end, value):
    """Where each request would have started, in order: int64 of shape (requests,), -1 where refused.

    `sums[r, n]` is what the first n free units cost under row r, so sums has one column more than the
    pool has units. `row_of[k]` is the row of a slot k slots after the request's arrival; the last one
    holds for all that lie further ahead. The requests are int64 arrays: `units` for `slots` slots in
    [start, end), worth `value` micro-credits, asked in slot `arrival`, which `start` is not before.
    All slots are counted from 0. Accepted requests stay in the book for those that follow.
    """
    cdef const int64_t[::1] a = _column("arrival", arrival), w = _column("units", units)
    cdef const int64_t[::1] length = _column("slots", slots), begin = _column("start", start)
    cdef const int64_t[::1] stop = _column("end", end), worth = _column("value", value)
    cdef Py_ssize_t n = a.shape[0]
    if {w.shape[0], length.shape[0], begin.shape[0], stop.shape[0], worth.shape[0]} != {n}:
        raise ValueError("the columns of a history must be equally long")
    if sums.shape[0] == 0 or sums.shape[1] < 2 or row_of.shape[0] == 0:
        raise ValueError("there are no prices to play with")
    rows = np.asarray(row_of)
    if rows.min() < 0 or rows.max() >= sums.shape[0]:
        raise ValueError(f"a slot's prices stand in rows 0 to {sums.shape[0] - 1}, not in {rows.max()}")
    answer = np.full(n, -1, dtype=np.int64)
    if n == 0:
        return answer
    _check_requests(np.asarray(a), np.asarray(w), np.asarray(length), np.asarray(begin), np.asarray(stop))
    dearest = int(np.asarray(sums)[:, 1].max(initial=0))
    if dearest * (sums.shape[1] - 1) * int(np.asarray(length).max()) > INT64_MAX:
        raise OverflowError(f"{dearest} micro-credits for all units and slots do not fit into int64")
    cdef int64_t last = np.asarray(stop).max()
    cdef int64_t[::1] free = np.full(last, sums.shape[1] - 1, dtype=np.int64)
    cdef int64_t[::1] costs = np.empty(last, dtype=np.int64)
    cdef int64_t[::1] out = answer
    cdef Py_ssize_t j
    with nogil:
        for j in range(n):
            out[j] = _decide(sums, row_of, free, costs, a[j], w[j], length[j], begin[j], stop[j], worth[j])
            if out[j] >= 0:
                _take(free, out[j], out[j] + length[j], w[j])
    return answer


cdef int64_t _decide(const int64_t[:, ::1] sums, const int64_t[::1] row_of, const int64_t[::1] free,
                     int64_t[::1] costs, int64_t arrival, int64_t units, int64_t slots, int64_t start,
                     int64_t end, int64_t value) noexcept nogil:
    """The start of least total, the earliest of equals; -1 where nothing fits or it costs more than `value`."""
    cdef int64_t t, cost, left, total = 0, found = -1, possible = start
    cdef int64_t best = value
    cdef int64_t furthest = row_of.shape[0] - 1
    cdef const int64_t *row
    for t in range(start, end):
        left = free[t] - units
        if left < 0:
            cost = 0
            possible = t + 1
        else:
            row = &sums[row_of[min(t - arrival, furthest)], 0]
            cost = row[left + units] - row[left]
        costs[t] = cost
        total += cost
        if t >= start + slots:
            total -= costs[t - slots]
        if t + 1 - slots >= possible and (total < best or (found < 0 and total == best)):
            best = total
            found = t + 1 - slots
    return found


cdef void _take(int64_t[::1] free, int64_t start, int64_t end, int64_t units) noexcept nogil:
    cdef int64_t t
    for t in range(start, end):
        free[t] -= units


def _column(str name, values):
    column = np.ascontiguousarray(values)
    if column.ndim != 1 or (column.size and column.dtype.kind not in "iu"):
        raise TypeError(f"{name} must be a row of integers")
    return column.astype(np.int64)


def _check_requests(arrival, units, slots, start, end):
    for name, wrong in (
        ("units", units < 1),
        ("slots", slots < 1),
        ("arrival", arrival < 0),
        ("start", start < arrival),
        ("end", end < start),
    ):
        if wrong.any():
            j = int(wrong.argmax())
            raise ValueError(
                f"request {j} has a wrong {name}: arrival {arrival[j]}, {units[j]} units,"
                f" {slots[j]} slots in [{start[j]}, {end[j]})"
            )
