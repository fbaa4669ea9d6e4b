"""One decision of the kernel against a plain C loop (`limit.c`) and the literal reference.

Run with `python -m benchmarks.kernel`. All three get the same book and must give the same
answer; kernel and C take turns, so that a busy machine slows both, and each one's median counts.
The kernel's time includes the call from Python, the C loop's does not. The C loop always reads
dense rows, one prefix sum a unit, also where the kernel's are in steps for want of memory.
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

from pricing.kernel import ANY_VALUE, Offer, PriceTable, decide, decide_all, reference

Int64Array = npt.NDArray[np.int64]

FIRST_SLOT = 5_900_000  # not a season's first slot
HORIZON = 8_640  # 30 days of 5 minutes
SEASON = 2_016  # a week of them
HOURLY, EACH_SLOT = 168, SEASON  # curves in a season
FLOOR = 100_000
PRICES = 32  # of a curve

ROUNDS = 201
CALLS_PER_ROUND = 5


class Case(NamedTuple):
    """A pool's size and a request; the reference takes seconds where many units are asked."""

    pool_units: int
    units: int
    slots: int
    curves: int = HOURLY
    with_reference: bool = True


CASES = [
    Case(pool_units=64, units=4, slots=12),
    Case(pool_units=64, units=4, slots=12, curves=EACH_SLOT),
    Case(pool_units=1_000, units=8, slots=12),
    Case(pool_units=1_000, units=100, slots=288),
    Case(pool_units=1_000, units=1_000, slots=12, with_reference=False),
    Case(pool_units=1_000, units=8, slots=12, curves=EACH_SLOT),
    Case(pool_units=10_000, units=64, slots=12),
    Case(pool_units=10_000, units=8, slots=12, curves=EACH_SLOT),
    Case(pool_units=10_000, units=64, slots=12, curves=EACH_SLOT, with_reference=False),
    Case(pool_units=10_000, units=1_000, slots=288, curves=EACH_SLOT, with_reference=False),
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
    curves = [a_curve(rng, 168 * k / case.curves, pool) for k in range(case.curves)]
    curve_of = np.repeat(np.arange(case.curves), SEASON // case.curves)
    promised = wandering(rng, pool)
    if case.units == pool:  # only an empty slot has room for the whole pool
        promised[rng.random(HORIZON) < 0.95] = 0
    capacity = np.full(HORIZON, pool, dtype=np.int64)
    table = PriceTable(curves, curve_of, floor=FLOOR, max_units=pool)
    return Market(curves, table, promised, capacity)


def wandering(rng: np.random.Generator, pool: int, slots: int = HORIZON) -> Int64Array:
    """Promises that go up and down by up to a fiftieth of the pool a slot, and turn at both ends."""
    step = max(1, pool // 50)
    walk = pool // 2 + np.cumsum(rng.integers(-step, step + 1, slots))
    return (pool - np.abs(walk % (2 * pool) - pool)).astype(np.int64)


def a_curve(rng: np.random.Generator, hour: float, pool: int) -> list[tuple[int, int]]:
    """Many would pay little, few a lot; more of them by day. No two curves are alike."""
    wave = 1 + np.sin(2 * np.pi * (hour % 24) / 24) / 2
    prices = FLOOR * np.arange(1, PRICES + 1) + rng.integers(0, FLOOR, PRICES)
    units = pool * wave * np.sort(rng.random(PRICES) ** 1.5)[::-1]
    return [(int(price), int(wanted)) for price, wanted in zip(prices, units, strict=True)]


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
    sums = table.sums
    rows = sums.ctypes.data + table.curve_of * sums.strides[0]
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

    run.__dict__["arrays"] = (sums, rows, costs)  # the C side holds only their addresses
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
        f"{case.pool_units:>10,} {case.curves:>6,} {case.units:>6,} {case.slots:>6,} {market.table.layout:>6}"
        f" {market.table.nbytes / 2**20:>6.1f} {c_time / 1e3:>8.2f} {kernel_time / 1e3:>10.2f} {ratio:>10.2f}"
        f" {reference_time:>14} {speed_up:>18}"
    )


def batch_rate(case: Case, requests: int) -> str:
    """How many requests a second a batch decides, each over all of the horizon."""
    market = build_market(case)
    window = (case.units, case.slots, FIRST_SLOT, FIRST_SLOT + HORIZON, ANY_VALUE)
    asked = np.array([window] * requests, dtype=np.int64)
    began = time.perf_counter()
    decide_all(market.table, market.promised, market.capacity, asked, first_slot=FIRST_SLOT)
    took = time.perf_counter() - began
    return f"A batch of {requests:,} over {HORIZON:,} slots, {case.pool_units:,} units: {requests / took:,.0f} a second"


def main() -> None:
    print(f"Kernel: one decision over {HORIZON:,} slots")
    print(
        f"{'pool units':>10} {'curves':>6} {'units':>6} {'slots':>6} {'layout':>6} {'MiB':>6}"
        f" {'C, us':>8} {'kernel, us':>10} {'kernel / C':>10} {'reference, ms':>14} {'reference / kernel':>18}"
    )
    with tempfile.TemporaryDirectory() as folder:
        limit = load_limit(Path(folder))
        for case in CASES:
            print(measure(limit, case), flush=True)
    print(batch_rate(CASES[-2], requests=2_000))


if __name__ == "__main__":
    main()
