"""One decision of the kernel against a plain C loop (`limit.c`) and the literal reference.

Run with `python -m benchmarks.kernel`. All three get the same book and must give the same
answer; kernel and C take turns, so that a busy machine slows both, and each one's median counts.
The kernel's time includes the call from Python, the C loop's does not.
"""

import ctypes
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pricing.kernel import Offer, PriceTable, decide, reference

Int64Array = npt.NDArray[np.int64]

FIRST_SLOT = 5_900_000  # not a season's first slot
HORIZON = 8_640  # 30 days of 5 minutes
SEASON_HOURS = 168
SLOTS_PER_HOUR = 12
FLOOR = 100_000

ROUNDS = 201
CALLS_PER_ROUND = 5


class Case(NamedTuple):
    """A pool's size and a request; the reference takes seconds where many units are asked."""

    pool_units: int
    units: int
    slots: int
    with_reference: bool = True


CASES = [
    Case(pool_units=1_000, units=8, slots=12),
    Case(pool_units=1_000, units=100, slots=288),
    Case(pool_units=1_000, units=1_000, slots=12, with_reference=False),
    Case(pool_units=10_000, units=64, slots=12),
]


class CMarket(ctypes.Structure):
    """`struct market` of limit.c."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("promised", "capacity", "rows")),
        *((name, ctypes.c_int64) for name in ("season", "phase", "length")),
    ]


class COffer(ctypes.Structure):
    """`struct offer` of limit.c."""

    _fields_ = [("start", ctypes.c_int64), ("total", ctypes.c_int64)]


class Market(NamedTuple):
    """A forecast and a book: demand with a daily wave, promises that wander."""

    curves: list[list[tuple[int, int]]]
    table: PriceTable
    promised: Int64Array
    capacity: Int64Array


def build_market(case: Case) -> Market:
    rng = np.random.default_rng(7)
    pool = case.pool_units
    curves = [hourly_curve(hour, pool) for hour in range(SEASON_HOURS)]
    curve_of = np.repeat(np.arange(SEASON_HOURS), SLOTS_PER_HOUR)
    walk = pool // 2 + np.cumsum(rng.integers(-pool // 50, pool // 50 + 1, HORIZON))
    promised = np.clip(walk, 0, pool).astype(np.int64)
    if case.units == pool:  # only an empty slot has room for the whole pool
        promised[rng.random(HORIZON) < 0.95] = 0
    capacity = np.full(HORIZON, pool, dtype=np.int64)
    table = PriceTable(curves, curve_of, floor=FLOOR, max_units=pool)
    return Market(curves, table, promised, capacity)


def hourly_curve(hour: int, pool: int) -> list[tuple[int, int]]:
    wave = 1 + np.sin(2 * np.pi * (hour % 24) / 24) / 2
    return [(FLOOR * k, int(pool * wave * (11 - k) / 10)) for k in range(1, 11)]


def load_limit(folder: Path) -> ctypes.CDLL:
    source, library = Path(__file__).with_name("limit.c"), folder / "limit.so"
    subprocess.run(["gcc", "-O3", "-fPIC", "-shared", str(source), "-o", str(library)], check=True)
    limit = ctypes.CDLL(str(library))
    limit.measure.restype = ctypes.c_int64
    limit.measure.argtypes = [
        *(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64),
        *(ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p),
    ]
    return limit


def c_timer(limit: ctypes.CDLL, market: Market, case: Case) -> Callable[[], tuple[float, Offer]]:
    """Gives a function that times the C loop: nanoseconds a decision, and its answer."""
    table = market.table
    rows = table.sums.ctypes.data + table.curve_of * table.sums.strides[0]
    costs = np.empty(HORIZON + case.slots, dtype=np.int64)
    given = CMarket(
        *(array.ctypes.data for array in (market.promised, market.capacity, rows)),
        *(table.season, FIRST_SLOT % table.season, HORIZON),
    )
    answer = COffer()

    def run() -> tuple[float, Offer]:
        took = limit.measure(
            *(ctypes.byref(given), case.units, case.slots),
            *(costs.ctypes.data, CALLS_PER_ROUND, ctypes.byref(answer)),
        )
        return took / CALLS_PER_ROUND, Offer(FIRST_SLOT + answer.start, answer.total)

    run.__dict__["arrays"] = (rows, costs)  # the C side holds only their addresses
    return run


def kernel_timer(market: Market, case: Case) -> Callable[[], tuple[float, Offer | None]]:
    def run() -> tuple[float, Offer | None]:
        offer = None
        began = time.perf_counter_ns()
        for _ in range(CALLS_PER_ROUND):
            offer = decide(
                market.table,
                market.promised,
                market.capacity,
                first_slot=FIRST_SLOT,
                units=case.units,
                slots=case.slots,
                start=FIRST_SLOT,
                end=FIRST_SLOT + HORIZON,
            )
        return (time.perf_counter_ns() - began) / CALLS_PER_ROUND, offer

    return run


def time_reference(market: Market, case: Case) -> tuple[float, Offer | None]:
    slots = {}
    for k in range(HORIZON):
        curve = market.curves[market.table.curve_of[(FIRST_SLOT + k) % market.table.season]]
        slots[FIRST_SLOT + k] = reference.Slot(int(market.capacity[k]), int(market.promised[k]), curve)
    began = time.perf_counter_ns()
    offer = reference.decide(slots, FLOOR, case.units, case.slots, FIRST_SLOT, FIRST_SLOT + HORIZON)
    return float(time.perf_counter_ns() - began), offer


def measure(limit: ctypes.CDLL, case: Case) -> str:
    """One row of the table."""
    market = build_market(case)
    run_c, run_kernel = c_timer(limit, market, case), kernel_timer(market, case)
    rounds = [(run_c(), run_kernel()) for _ in range(ROUNDS)]
    (_, c_offer), (_, offer) = rounds[-1]
    c_time = statistics.median(c[0] for c, _ in rounds)
    kernel_time = statistics.median(kernel[0] for _, kernel in rounds)
    ratio = statistics.median(kernel[0] / c[0] for c, kernel in rounds)
    reference_time = "-"
    speed_up = "-"
    if case.with_reference:
        took, expected = time_reference(market, case)
        if offer != expected:
            raise SystemExit(f"{case}: kernel {offer}, reference {expected}")
        reference_time, speed_up = f"{took / 1e6:,.0f}", f"{took / kernel_time:,.0f}"
    if offer != c_offer:
        raise SystemExit(f"{case}: kernel {offer}, limit.c {c_offer}")
    return (
        f"{case.pool_units:>10,} {case.units:>6,} {case.slots:>6,} {c_time / 1e3:>8.2f}"
        f" {kernel_time / 1e3:>10.2f} {ratio:>10.2f} {reference_time:>14} {speed_up:>18}"
    )


def main() -> None:
    print(f"Kernel: one decision over {HORIZON:,} slots")
    print(
        f"{'pool units':>10} {'units':>6} {'slots':>6} {'C, us':>8} {'kernel, us':>10}"
        f" {'kernel / C':>10} {'reference, ms':>14} {'reference / kernel':>18}"
    )
    with tempfile.TemporaryDirectory() as folder:
        limit = load_limit(Path(folder))
        for case in CASES:
            print(measure(limit, case), flush=True)


if __name__ == "__main__":
    main()
