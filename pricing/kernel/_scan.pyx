# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The passes over a window. Every input is validated before the unchecked loops see it.

With S_t the prefix sums of slot t's curve and free = capacity - promised, the cost of W units
is S_t[free] - S_t[free - W], so a decision is one pass over the window whatever W is.

The loops need no GIL, yet it is kept: they take some microseconds, and to wait for it again
behind another thread takes up to the interpreter's switch interval of 5 ms.
"""

from cpython.number cimport PyNumber_Index
from libc.stdint cimport INT64_MAX, int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

import numpy as np

from pricing.kernel.offer import Offer
from pricing.kernel.table import prefix_sums

# What a loop gives besides offsets, which are not negative.
cdef enum:
    NOTHING_FITS = -1
    BEYOND_TABLE = -2


cdef struct Window:
    const int64_t *promised  # from the window's first slot on
    const int64_t *capacity
    const int64_t *const *rows  # per season slot: its curve's prefix sums
    int64_t season
    int64_t phase  # the season slot of the window's first slot
    int64_t begin
    int64_t length
    int64_t units
    int64_t max_units


cdef class PriceTable:
    """Prices for every number of free units: one row a curve, one curve a season slot.

    `curves` are sequences of steps `(price, units demanded at or above that price)`, in any
    order, demand not growing with the price (an expected demand with a fraction is rounded up:
    it exceeds the same whole numbers). `curve_of[slot % season]` is the curve of an absolute
    slot, season = len(curve_of). `floor` is the least price; `max_units` is the largest
    capacity that the table serves.

    Memory is 8 * (curves * (max_units + 1) + 2 * season) bytes, `nbytes`: a week of hourly
    curves for 10,000 units is 168 * 10,001 * 8 = 12.8 MiB, and a horizon of 8,640 slots adds
    0.13 MiB for promised and capacity, well below 32 MiB.

    Raises ValueError for curves or indices that make no sense, OverflowError where
    the dearest price * max_units exceeds int64. Immutable once made.
    """

    cdef readonly object sums, curve_of
    cdef readonly int64_t floor, highest, max_units, season
    cdef const int64_t[::1] rows  # per season slot: the address of its row of sums

    def __cinit__(self, curves, curve_of, *, floor, max_units):
        self.sums = prefix_sums(curves, floor=floor, max_units=max_units)
        self.curve_of = np.array(curve_of)
        if self.curve_of.ndim != 1 or not self.curve_of.size:
            raise ValueError("a season is one row of at least one slot")
        if self.curve_of.dtype.kind not in "iu":
            raise TypeError(f"curve_of must be integers, not {self.curve_of.dtype}")
        self.curve_of = self.curve_of.astype(np.int64)
        lowest, highest = int(self.curve_of.min()), int(self.curve_of.max())
        if lowest < 0 or highest >= len(curves):
            wrong = lowest if lowest < 0 else highest
            raise ValueError(f"curve {wrong} is not one of the {len(curves)} curves")
        self.sums.flags.writeable = False
        self.curve_of.flags.writeable = False
        self.floor = floor
        self.max_units = max_units
        # The unit that leaves nothing free is the dearest one of its curve.
        self.highest = self.sums[:, 1].max() if max_units else floor
        self.season = len(self.curve_of)
        self.rows = self.sums.ctypes.data + self.curve_of * self.sums.strides[0]

    @property
    def nbytes(self):
        return self.sums.nbytes + self.curve_of.nbytes + self.rows.nbytes


def decide(PriceTable table not None, const int64_t[::1] promised not None,
           const int64_t[::1] capacity not None, *, first_slot, units, slots, start, end):
    """The `Offer` of least total for `units` over `slots` slots inside [start, end), the
    earliest of equals; None where nothing fits."""
    return _search(table, promised, capacity, first_slot, units, slots, start, end, None)


def first_at_most(PriceTable table not None, const int64_t[::1] promised not None,
                  const int64_t[::1] capacity not None, value, *,
                  first_slot, units, slots, start, end):
    """The earliest `Offer` whose total is at most `value`; None where there is none.

    Its start + slots is the earliest deadline by which a request worth `value` is accepted.
    """
    return _search(table, promised, capacity, first_slot, units, slots, start, end, value)


def totals(PriceTable table not None, const int64_t[::1] promised not None,
           const int64_t[::1] capacity not None, *, first_slot, units, slots, start, end):
    """The total of each start in [start, end - slots]: int64 of shape (end - start - slots + 1,)
    or (0,); -1 where the request does not fit."""
    cdef int64_t length = _at_least_one("slots", slots)
    cdef int64_t[::1] costs = slot_costs(table, promised, capacity, first_slot=first_slot,
                                         units=units, start=start, end=end)
    answer = np.empty(max(0, len(costs) - length + 1), dtype=np.int64)
    cdef int64_t[::1] out = answer
    if len(out):
        _check_total(table, _at_least_one("units", units), length)
        _slide(&costs[0], len(costs), length, &out[0])
    return answer


def slot_costs(PriceTable table not None, const int64_t[::1] promised not None,
               const int64_t[::1] capacity not None, *, first_slot, units, start, end):
    """What `units` cost in each slot of [start, end): int64 of shape (end - start,) or (0,);
    -1 where they do not fit."""
    cdef Window window = _window(table, promised, capacity, first_slot, units, start, end)
    answer = np.full(window.length, -1, dtype=np.int64)
    cdef int64_t[::1] out = answer
    if window.length and window.units <= window.max_units:
        if _costs(&window, &out[0]) == BEYOND_TABLE:
            _refuse(&window)
    return answer


cdef object _search(PriceTable table, const int64_t[::1] promised,
                    const int64_t[::1] capacity, object first_slot, object units,
                    object slots, object start, object end, object value):
    cdef Window window = _window(table, promised, capacity, first_slot, units, start, end)
    cdef Search search
    memset(&search, 0, sizeof(Search))
    search.slots = _at_least_one("slots", slots)
    search.found = NOTHING_FITS
    search.best = <uint64_t>INT64_MAX + 1
    if value is not None:
        search.first = True
        search.best = <uint64_t>max(-1, _int64("value", value)) + 1
    if window.length < search.slots or window.units > window.max_units:
        return None
    _check_total(table, window.units, search.slots)
    _scan(&window, &search)
    if search.found == BEYOND_TABLE:
        _refuse(&window)
    if search.found == NOTHING_FITS:
        return None
    return Offer(window.begin + search.found, search.best)


cdef struct Search:
    int64_t slots
    bint first  # take the first start whose total is under `best`, not the least
    uint64_t best  # what a total must be under; then the total of the start that was found
    uint64_t total  # of the last `slots` slots
    int64_t found  # offset of the start, or why there is none
    int64_t possible  # the earliest start that may still be taken


cdef int _scan(const Window *window, Search *search) except -1:
    """One pass over the window, which leaves the answer in `search`."""
    cdef int64_t *costs = <int64_t *>malloc((window.length + search.slots) * sizeof(int64_t))
    if costs == NULL:
        raise MemoryError(f"no memory for a window of {window.length} slots")
    # Costs stand `slots` places on, behind zeros: costs[t] is what leaves the sum at slot t.
    memset(costs, 0, search.slots * sizeof(int64_t))
    _scan_into(costs, window, search)
    free(costs)
    return 0


cdef void _scan_into(int64_t *costs, const Window *window, Search *search) noexcept nogil:
    # Copies, which the compiler knows that no store to costs can change.
    cdef Window w = window[0]
    cdef Search s = search[0]
    cdef const int64_t *const *rows = w.rows + w.phase
    cdef int64_t t = 0, stop = w.season - w.phase
    while t < w.length:  # once per season, so that the inner loops read straight on
        stop = min(stop, w.length)
        while t + 4 <= stop:  # four a round, which hides what the checks cost
            _visit(&w, &s, costs, t, rows[0])
            _visit(&w, &s, costs, t + 1, rows[1])
            _visit(&w, &s, costs, t + 2, rows[2])
            _visit(&w, &s, costs, t + 3, rows[3])
            t += 4
            rows += 4
        while t < stop:
            _visit(&w, &s, costs, t, rows[0])
            t += 1
            rows += 1
        rows = w.rows
        stop += w.season
    search[0] = s


cdef inline int64_t _free_after(const Window *w, int64_t t) noexcept nogil:
    # Unsigned, since there to wrap is allowed; the callers notice.
    return <int64_t>(
        <uint64_t>w.capacity[t] - <uint64_t>w.promised[t] - <uint64_t>w.units
    )


cdef inline void _visit(const Window *w, Search *s, int64_t *costs, int64_t t,
                        const int64_t *row) noexcept nogil:
    cdef int64_t cost = 0
    cdef int64_t free_after = _free_after(w, t)
    # One comparison for both ends. It also catches a difference that wrapped: with a capacity
    # that is not negative, none can wrap into this range.
    if <uint64_t>free_after <= <uint64_t>(w.max_units - w.units) and w.capacity[t] >= 0:
        cost = row[free_after + w.units] - row[free_after]
    else:
        s.possible = max(s.possible, t + 1)
        if w.capacity[t] < 0 or w.promised[t] < w.capacity[t] - w.max_units:
            s.found = BEYOND_TABLE
            s.possible = INT64_MAX
    costs[t + s.slots] = cost
    s.total += <uint64_t>(cost - costs[t])
    if s.total < s.best and t + 1 - s.slots >= s.possible:
        s.found = t + 1 - s.slots
        s.best = s.total
        if s.first:
            s.possible = INT64_MAX


cdef int64_t _costs(const Window *w, int64_t *out) noexcept nogil:
    cdef uint64_t span = <uint64_t>(w.max_units - w.units)
    cdef int64_t t, free_after, season_slot = w.phase
    cdef const int64_t *row
    for t in range(w.length):
        if w.capacity[t] < 0 or w.promised[t] < w.capacity[t] - w.max_units:
            return BEYOND_TABLE
        free_after = _free_after(w, t)
        if <uint64_t>free_after <= span:
            row = w.rows[season_slot] + free_after
            out[t] = row[w.units] - row[0]
        season_slot += 1
        if season_slot == w.season:
            season_slot = 0
    return 0


cdef void _slide(const int64_t *costs, int64_t n, int64_t slots, int64_t *out) noexcept nogil:
    cdef int64_t t, total = 0, misfits = 0
    for t in range(n):
        if costs[t] < 0:
            misfits += 1
        else:
            total += costs[t]
        if t >= slots - 1:
            out[t + 1 - slots] = -1 if misfits else total
            if costs[t + 1 - slots] < 0:
                misfits -= 1
            else:
                total -= costs[t + 1 - slots]


cdef Window _window(PriceTable table, const int64_t[::1] promised,
                    const int64_t[::1] capacity, object first_slot, object units,
                    object start, object end) except *:
    cdef int64_t first = _int64("first_slot", first_slot)
    cdef int64_t begin = _int64("start", start), stop = _int64("end", end)
    cdef int64_t n = promised.shape[0]
    cdef Window window
    if capacity.shape[0] != n:
        raise ValueError(f"promised has {n} slots, capacity {capacity.shape[0]}")
    if first > INT64_MAX - n:
        raise OverflowError(f"first_slot {first} + {n} slots does not fit into int64")
    if begin < first or begin > first + n or stop < first or stop > first + n:
        raise ValueError(f"[{begin}, {stop}) does not lie in [{first}, {first + n})")
    window.promised = &promised[0] + (begin - first)
    window.capacity = &capacity[0] + (begin - first)
    window.rows = <const int64_t *const *>&table.rows[0]
    window.season = table.season
    window.phase = begin % table.season
    window.begin = begin
    window.length = max(0, stop - begin)
    window.units = _at_least_one("units", units)
    window.max_units = table.max_units
    return window


cdef int _check_total(PriceTable table, int64_t units, int64_t slots) except -1:
    if table.highest and units > INT64_MAX // table.highest // slots:
        raise OverflowError(
            f"{units} units in {slots} slots at {table.highest} micro-credits"
            " do not fit into int64"
        )
    return 0


cdef int _refuse(const Window *w) except -1:
    """Names the slot for which a loop gave BEYOND_TABLE."""
    cdef int64_t t
    for t in range(w.length):
        if w.capacity[t] < 0:
            raise ValueError(f"slot {w.begin + t} has a capacity of {w.capacity[t]} units")
        if w.capacity[t] < 0 or w.promised[t] < w.capacity[t] - w.max_units:
            left = <object>w.capacity[t] - <object>w.promised[t]
            raise ValueError(
                f"slot {w.begin + t} has {left} units free, the table knows {w.max_units}"
            )
    raise AssertionError("the loops refused a window in which every slot is in order")


cdef int64_t _int64(str name, object value) except? -1:
    try:
        return PyNumber_Index(value)  # refuses 1.5, which a conversion alone would cut to 1
    except OverflowError:
        raise OverflowError(f"{name} {value} does not fit into int64") from None


cdef int64_t _at_least_one(str name, object value) except -1:
    cdef int64_t number = _int64(name, value)
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number
