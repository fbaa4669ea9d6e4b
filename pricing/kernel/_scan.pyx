# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The Python face of the loops in scan.h: every input is validated before they see it.

The GIL is released for what takes long: windows of `RELEASE_FROM` slots or more, and batches.
A shorter pass takes some microseconds, while to get the GIL back from a thread that computes
takes up to the interpreter's switch interval, 5 ms: docs/pricing.md has the figures.
"""

from cpython.number cimport PyNumber_Index
from libc.stdint cimport INT64_MAX, int64_t, uint64_t
from libc.string cimport memset

cimport numpy as cnp

import numpy as np

from pricing.kernel.offer import Decisions, Offer
from pricing.kernel.table import compile_rows

cnp.import_array()


cdef extern from "scan.h" nogil:
    enum:
        ERA_NOTHING_FITS
        ERA_BEYOND_TABLE
        ERA_NO_MEMORY

    struct era_window:
        const int64_t *promised
        const int64_t *capacity
        const char *const *rows
        int64_t season, phase, begin, length, units, max_units
        int shift

    struct era_search_state "era_search":
        int64_t slots
        bint first
        uint64_t best
        int64_t found

    struct era_request:
        int64_t units, slots, start, end, value

    struct era_decisions:
        int64_t *outcomes
        int64_t *starts
        int64_t *totals

    void era_search(const era_window *, era_search_state *)
    int64_t era_costs(const era_window *, int64_t *)
    void era_slide(const int64_t *, int64_t, int64_t, int64_t *)
    bint era_is_beyond(const era_window *, int64_t)
    int era_window_of(const era_window *, const era_request *, int64_t, era_window *)
    int64_t era_decide_all(const era_window *, int64_t *, const era_request *, int64_t, int64_t,
                           const era_decisions *, era_window *, int64_t *)


# Slots of a window from which on the GIL is released.
RELEASE_FROM = 65_536
cdef int64_t _RELEASE_FROM = RELEASE_FROM

cdef object _new_tuple = tuple.__new__


cdef class PriceTable:
    """Prices for every number of free units: one row a curve, one curve a season slot.

    `curves` are sequences of steps `(price, units demanded at or above that price)`, in any
    order, demand not growing with the price (an expected demand with a fraction is rounded up:
    it exceeds the same whole numbers). `curve_of[slot % season]` is the curve of an absolute
    slot, season = len(curve_of). `floor` is the least price; `max_units` is the largest
    capacity that the table serves.

    Rows are stored `dense`, one prefix sum a unit, while all of them take at most
    `DENSE_BYTES`; else in `steps`, one piece a price. `layout` chooses one. The answers are
    the same. `nbytes` is what the table takes; docs/pricing.md has the formula.

    Raises ValueError for curves or indices that make no sense, OverflowError where
    the dearest price * max_units exceeds int64. Immutable once made.
    """

    cdef readonly object curve_of
    cdef readonly int64_t floor, highest, max_units, season
    cdef object stored  # Rows
    cdef object addresses  # per season slot: the address of its row; several seasons of them
    cdef const char *const *rows
    cdef int64_t period
    cdef int shift

    def __cinit__(self, curves, curve_of, *, floor, max_units, layout=None):
        self.stored = compile_rows(curves, floor=floor, max_units=max_units, layout=layout)
        self.curve_of = np.array(curve_of)
        if self.curve_of.ndim != 1 or not self.curve_of.size:
            raise ValueError("a season is one row of at least one slot")
        if self.curve_of.dtype.kind not in "iu":
            raise TypeError(f"curve_of must be integers, not {self.curve_of.dtype}")
        lowest, highest = int(self.curve_of.min()), int(self.curve_of.max())
        if lowest < 0 or highest >= len(curves):
            wrong = lowest if lowest < 0 else highest
            raise ValueError(f"curve {wrong} is not one of the {len(curves)} curves")
        self.curve_of = self.curve_of.astype(np.int64)
        self.curve_of.flags.writeable = False
        self.floor = floor
        self.max_units = max_units
        self.highest = self.stored.highest
        self.season = len(self.curve_of)
        self.shift = self.stored.shift
        # A short season is repeated: the loops begin anew at the end of each.
        repeats = -(-_SHORT_SEASON // self.season)
        self.addresses = np.tile(self.stored.addresses()[self.curve_of], repeats)
        self.period = len(self.addresses)
        self.rows = <const char *const *>cnp.PyArray_DATA(self.addresses)

    @property
    def sums(self):
        """Prefix sums of prices of shape (curves, max_units + 1), made anew where rows are steps."""
        return self.stored.sums()

    @property
    def layout(self):
        return self.stored.layout

    @property
    def nbytes(self):
        return self.stored.nbytes + self.curve_of.nbytes + self.addresses.nbytes


cdef enum:
    _SHORT_SEASON = 1024


def decide(PriceTable table not None, promised not None, capacity not None, *,
           first_slot, units, slots, start, end):
    """The `Offer` of least total for `units` over `slots` slots inside [start, end), the
    earliest of equals; None where nothing fits."""
    return _search(table, promised, capacity, first_slot, units, slots, start, end, None)


def first_at_most(PriceTable table not None, promised not None, capacity not None, value, *,
                  first_slot, units, slots, start, end):
    """The earliest `Offer` whose total is at most `value`; None where there is none.

    Its start + slots is the earliest deadline by which a request worth `value` is accepted.
    Slots beyond that are not looked at.
    """
    return _search(table, promised, capacity, first_slot, units, slots, start, end, value)


def totals(PriceTable table not None, promised not None, capacity not None, *,
           first_slot, units, slots, start, end):
    """The total of each start in [start, end - slots]: int64 of shape (end - start - slots + 1,)
    or (0,); -1 where the request does not fit."""
    cdef int64_t length = _at_least_one("slots", slots)
    cdef int64_t[::1] costs = slot_costs(table, promised, capacity, first_slot=first_slot,
                                         units=units, start=start, end=end)
    cdef int64_t n = costs.shape[0]
    answer = np.empty(max(0, n - length + 1), dtype=np.int64)
    cdef int64_t[::1] out = answer
    if n >= length:
        _check_total(table, _at_least_one("units", units), length)
        if n < _RELEASE_FROM:
            era_slide(&costs[0], n, length, &out[0])
        else:
            with nogil:
                era_slide(&costs[0], n, length, &out[0])
    return answer


def slot_costs(PriceTable table not None, promised not None, capacity not None, *,
               first_slot, units, start, end):
    """What `units` cost in each slot of [start, end): int64 of shape (end - start,) or (0,);
    -1 where they do not fit."""
    cdef era_window window
    cdef int64_t found
    promised, capacity = _levels(promised), _levels(capacity)
    _set_window(&window, table, promised, capacity, first_slot, units, start, end)
    if not window.length or window.units > window.max_units:
        return np.full(window.length, -1, dtype=np.int64)
    answer = np.empty(window.length, dtype=np.int64)
    cdef int64_t[::1] out = answer
    if window.length < _RELEASE_FROM:
        found = era_costs(&window, &out[0])
    else:
        with nogil:
            found = era_costs(&window, &out[0])
    if found == ERA_BEYOND_TABLE:
        _refuse(&window)
    return answer


def decide_all(PriceTable table not None, promised not None, capacity not None, requests, *,
               first_slot, horizon=None):
    """Decides `requests` in order, each on the book that those accepted before it left.

    `requests` are `Request`s or int64 of shape (n, 5) with the same columns. Each is decided as
    by `decide` in its window up to slot `horizon` (None: the end of the arrays), and accepted
    where its total is at most its value. The arrays given stay as they are: `promised` of the
    answer is a copy with what was accepted. The GIL is released.

    Raises ValueError or OverflowError for the first request or slot that makes no sense.
    """
    promised, capacity = _levels(promised).copy(), _levels(capacity)
    cdef cnp.ndarray asked = _requests(requests)
    cdef int64_t n = asked.shape[0], reached, why
    cdef era_window book, window
    cdef const era_request *request = <const era_request *>cnp.PyArray_DATA(asked)
    cdef int64_t *promises = <int64_t *>cnp.PyArray_DATA(promised)
    first = _int64("first_slot", first_slot)
    _set_window(&book, table, promised, capacity, first, 1, first, first + len(promised))
    cdef int64_t last = book.begin + book.length if horizon is None else _int64("horizon", horizon)
    if not book.begin <= last <= book.begin + book.length:
        raise ValueError(f"horizon {last} does not lie in [{first}, {first + len(promised)}]")
    for k in range(n):
        _check_request(table, &book, &request[k], k, last)
    answer = np.empty((3, n), dtype=np.int64)
    cdef int64_t *out = <int64_t *>cnp.PyArray_DATA(answer)
    cdef era_decisions decisions = era_decisions(out, out + n, out + 2 * n)
    with nogil:
        reached = era_decide_all(&book, promises, request, n, last, &decisions, &window, &why)
    if reached < n:
        _raise(why, &window)
    return Decisions(answer[0], answer[1], answer[2], promised)


cdef object _search(PriceTable table, object promised, object capacity, object first_slot,
                    object units, object slots, object start, object end, object value):
    cdef era_window window
    cdef era_search_state search
    promised, capacity = _levels(promised), _levels(capacity)
    _set_window(&window, table, promised, capacity, first_slot, units, start, end)
    search.slots = _at_least_one("slots", slots)
    search.found = ERA_NOTHING_FITS
    search.first = value is not None
    search.best = <uint64_t>INT64_MAX + 1
    if value is not None:
        search.best = <uint64_t>max(-1, _int64("value", value)) + 1
    if window.length < search.slots or window.units > window.max_units:
        return None
    _check_total(table, window.units, search.slots)
    if window.length < _RELEASE_FROM:
        era_search(&window, &search)
    else:
        with nogil:
            era_search(&window, &search)
    if search.found >= 0:
        return _new_tuple(Offer, (window.begin + search.found, search.best))
    if search.found != ERA_NOTHING_FITS:
        _raise(search.found, &window)
    return None


cdef cnp.ndarray _levels(object levels):
    """The levels as a contiguous array of int64; raises as a memory view does where they are not."""
    cdef const int64_t[::1] view
    if cnp.PyArray_Check(levels):
        if (cnp.PyArray_TYPE(<cnp.ndarray>levels) == cnp.NPY_INT64
                and cnp.PyArray_NDIM(<cnp.ndarray>levels) == 1
                and cnp.PyArray_IS_C_CONTIGUOUS(<cnp.ndarray>levels)
                and cnp.PyArray_ISBEHAVED_RO(<cnp.ndarray>levels)):
            return levels
    view = levels
    return np.asarray(view).astype(np.int64)


cdef int _set_window(era_window *window, PriceTable table, cnp.ndarray promised,
                     cnp.ndarray capacity, object first_slot, object units, object start,
                     object end) except -1:
    cdef int64_t first = _int64("first_slot", first_slot)
    cdef int64_t begin = _int64("start", start), stop = _int64("end", end)
    cdef int64_t n = cnp.PyArray_DIM(promised, 0)
    if cnp.PyArray_DIM(capacity, 0) != n:
        raise ValueError(f"promised has {n} slots, capacity {len(capacity)}")
    if first > INT64_MAX - n:
        raise OverflowError(f"first_slot {first} + {n} slots does not fit into int64")
    if begin < first or begin > first + n or stop < first or stop > first + n:
        raise ValueError(f"[{begin}, {stop}) does not lie in [{first}, {first + n})")
    window.promised = <const int64_t *>cnp.PyArray_DATA(promised) + (begin - first)
    window.capacity = <const int64_t *>cnp.PyArray_DATA(capacity) + (begin - first)
    window.rows = table.rows
    window.season = table.period
    window.phase = begin % table.period
    window.begin = begin
    window.length = max(0, stop - begin)
    window.units = _at_least_one("units", units)
    window.max_units = table.max_units
    window.shift = table.shift
    return 0


cdef cnp.ndarray _requests(object requests):
    """Rows of units, slots, start, end and value, int64; exact, or an error that names the number."""
    if isinstance(requests, np.ndarray):
        if requests.dtype.kind not in "iu" or requests.dtype == np.uint64:
            raise TypeError(f"requests must be integers of 64 bits, not {requests.dtype}")
        if requests.ndim != 2 or requests.shape[1] != 5:
            raise ValueError(f"requests must be rows of 5 numbers, not of shape {requests.shape}")
        return np.ascontiguousarray(requests, dtype=np.int64)
    rows = np.empty((len(requests), 5), dtype=np.int64)
    cdef int64_t[:, ::1] out = rows
    cdef int64_t k
    for k, row in enumerate(requests):
        if len(row) != 5:
            raise ValueError(f"request {k} must be 5 numbers, not {len(row)}")
        units, slots, start, end, value = row
        out[k, 0] = _int64("units", units)
        out[k, 1] = _int64("slots", slots)
        out[k, 2] = _int64("start", start)
        out[k, 3] = _int64("end", end)
        out[k, 4] = _int64("value", value)
    return rows


cdef int _check_request(PriceTable table, const era_window *book, const era_request *request,
                        int64_t k, int64_t horizon) except -1:
    cdef era_window window
    if request.units < 1:
        raise ValueError(f"request {k}: units must be at least 1, not {request.units}")
    if request.slots < 1:
        raise ValueError(f"request {k}: slots must be at least 1, not {request.slots}")
    if request.start < book.begin:
        raise ValueError(f"request {k}: start {request.start} lies before the book's first slot {book.begin}")
    if request.units <= table.max_units and not era_window_of(book, request, horizon, &window):
        _check_total(table, request.units, request.slots)
    return 0


cdef int _check_total(PriceTable table, int64_t units, int64_t slots) except -1:
    if table.highest and units > INT64_MAX // table.highest // slots:
        raise OverflowError(
            f"{units} units in {slots} slots at {table.highest} micro-credits"
            " do not fit into int64"
        )
    return 0


cdef int _raise(int64_t why, const era_window *window) except -1:
    if why == ERA_NO_MEMORY:
        raise MemoryError(f"no memory for a window of {window.length} slots")
    return _refuse(window)


cdef int _refuse(const era_window *w) except -1:
    """Names the slot for which a loop gave ERA_BEYOND_TABLE."""
    cdef int64_t t
    for t in range(w.length):
        if w.capacity[t] < 0:
            raise ValueError(f"slot {w.begin + t} has a capacity of {w.capacity[t]} units")
        if era_is_beyond(w, t):
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


# --- what would do instead ----------------------------------------------------------------------
cdef extern from "instead.h" nogil:
    struct era_run:
        int64_t length, start
        uint64_t total

    struct era_most:
        int64_t units, start
        uint64_t total

    void era_longest(const era_window *, int64_t, uint64_t, era_run *)
    void era_most_units(const era_window *, int64_t, int64_t, uint64_t, era_most *)


def longest(PriceTable table not None, promised not None, capacity not None, value, *,
            first_slot, units, slots, start, end):
    """The longest run of at most `slots` slots inside [start, end) whose total is at most `value`:
    its length and the `Offer` of least total at that length, the earliest of equals; None where
    not even one slot will do. One pass."""
    cdef era_window window
    promised, capacity = _levels(promised), _levels(capacity)
    _set_window(&window, table, promised, capacity, first_slot, units, start, end)
    cdef int64_t worth = _int64("value", value)
    cdef int64_t most = min(_at_least_one("slots", slots), window.length)
    cdef era_run run
    if most < 1 or window.units > window.max_units or worth < 0:
        return None
    _check_total(table, window.units, most)
    memset(&run, 0, sizeof(era_run))
    if window.length < _RELEASE_FROM:
        era_longest(&window, most, worth, &run)
    else:
        with nogil:
            era_longest(&window, most, worth, &run)
    if run.length < 0:
        _raise(run.length, &window)
    return (run.length, Offer(window.begin + run.start, run.total)) if run.length else None


def most_units(PriceTable table not None, promised not None, capacity not None, value, *,
               first_slot, units, slots, start, end, near=None):
    """The most units, at most `units`, that some start inside [start, end) gives for at most
    `value`: how many and the `Offer` of least total for them, the earliest of equals; None where
    not even one unit will do. `near` is a start that is likely to give many; it changes nothing
    but the time: about two passes, whatever the units."""
    cdef era_window window
    promised, capacity = _levels(promised), _levels(capacity)
    _set_window(&window, table, promised, capacity, first_slot, units, start, end)
    cdef int64_t length = _at_least_one("slots", slots), worth = _int64("value", value)
    cdef int64_t most = min(window.units, window.max_units), last = window.length - length
    cdef era_most found
    if last < 0 or most < 1 or worth < 0:
        return None
    _check_total(table, most, length)
    memset(&found, 0, sizeof(era_most))
    found.start = last if near is None else min(max(_int64("near", near) - window.begin, 0), last)
    if window.length < _RELEASE_FROM:
        era_most_units(&window, length, most, worth, &found)
    else:
        with nogil:
            era_most_units(&window, length, most, worth, &found)
    if found.units < 0:
        _raise(found.units, &window)
    return (found.units, Offer(window.begin + found.start, found.total)) if found.units else None
