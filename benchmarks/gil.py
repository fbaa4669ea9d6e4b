"""What it costs a decision, and what it gives others, to release the GIL while it is made.

Run with `python -m benchmarks.gil`. One thread decides while another one computes in Python. A
decision of less than `RELEASE_FROM` slots keeps the GIL, a batch of one request releases it: the
same pass with and without, but that the batch copies the promises first. To get the GIL back
takes up to the switch interval.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from pricing.kernel import RELEASE_FROM, PriceTable, decide, decide_all

WINDOWS = (8_640, RELEASE_FROM - 1, 8 * RELEASE_FROM)
INTERVALS = (0.005, 0.0005)
UNITS, SLOTS, POOL = 8, 12, 10_000
SECONDS = 2.0


def main() -> None:
    print("A decision while another thread computes, and how much that thread gets done")
    print(
        f"{'window':>8} {'GIL':>9} {'switch, ms':>10} {'p50, us':>9} {'p95, us':>9} {'p99, us':>9}"
        f" {'mean, us':>9} {'others, M/s':>12}"
    )
    usual = sys.getswitchinterval()
    try:
        for interval in INTERVALS:
            sys.setswitchinterval(interval)
            for window in WINDOWS:
                for name, call in calls(window).items():
                    print(measure(window, name, interval, call), flush=True)
    finally:
        sys.setswitchinterval(usual)


def calls(window: int) -> dict[str, Callable[[], object]]:
    curve = [(100 * k, POOL - 300 * k) for k in range(1, 32)]
    table = PriceTable([curve], [0], floor=1, max_units=POOL)
    promised = np.random.default_rng(1).integers(0, POOL, window)
    capacity = np.full(window, POOL, dtype=np.int64)
    request = np.array([[UNITS, SLOTS, 0, window, 0]])
    one = {"first_slot": 0, "units": UNITS, "slots": SLOTS, "start": 0, "end": window}
    kept = "kept" if window < RELEASE_FROM else "released"
    return {
        f"{kept}": lambda: decide(table, promised, capacity, **one),
        "batch": lambda: decide_all(table, promised, capacity, request, first_slot=0),
    }


def measure(window: int, name: str, interval: float, call: Callable[[], object]) -> str:
    took = []
    with busy() as done:
        until = time.perf_counter() + SECONDS
        while time.perf_counter() < until:
            began = time.perf_counter_ns()
            call()
            took.append((time.perf_counter_ns() - began) / 1e3)
    cuts = statistics.quantiles(took, n=100)
    return (
        f"{window:>8,} {name:>9} {interval * 1e3:>10.1f} {cuts[49]:>9.1f} {cuts[94]:>9.1f} {cuts[98]:>9.1f}"
        f" {statistics.mean(took):>9.1f} {done[0] / SECONDS / 1e6:>12.2f}"
    )


@contextmanager
def busy() -> Iterator[list[int]]:
    """Another thread that counts as fast as Python can, until the block ends."""
    stop = threading.Event()
    count = [0]

    def spin() -> None:
        while not stop.is_set():
            count[0] += 1

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
