"""How the time of a decision grows: over the window, the units asked, the pool's size and the reservations.

Run with `python -m benchmarks.growth`; draws `docs/kernel-growth.png`. Each panel changes one thing
of the same decision: 8 units for 12 slots in 8,640 slots of a pool of 10,000 with a demand curve an
hour. The line of a panel is straight in the window, and flat in all else.
"""

import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from benchmarks.kernel import FIRST_SLOT, FLOOR, HORIZON, HOURLY, SEASON, Int64Array, a_curve, wandering
from pricing.kernel import PriceTable, apply, decide

mpl.use("Agg")
from matplotlib import pyplot as plt

CHART = Path(__file__).parents[1] / "docs" / "kernel-growth.png"
POOL, UNITS, SLOTS = 10_000, 8, 12
WINDOWS = (540, 1_080, 2_160, 4_320, 8_640, 17_280, 34_560)
ASKED = (1, 8, 64, 256, 1_024, 2_500)
POOLS = (64, 256, 1_000, 4_000, 10_000, 100_000, 1_000_000)
RESERVATIONS = (0, 10, 100, 1_000, 10_000, 50_000)
CALLS = 301

Points = list[tuple[int, float]]


def main() -> None:
    panels: dict[str, Callable[[], Points]] = {
        "slots in the window": over_windows,
        "units asked": over_units,
        "units of the pool": over_pools,
        "reservations in the book": over_reservations,
    }
    found = {}
    for name, measured in panels.items():
        found[name] = measured()
        print(f"{name:>26}: " + ", ".join(f"{x:,}: {us:.1f} us" for x, us in found[name]), flush=True)
    draw(found)
    print(f"drawn to {CHART}")


def over_windows() -> Points:
    table, promised = a_table(POOL), half_full(POOL, max(WINDOWS))
    return [(n, microseconds(table, promised[:n], UNITS)) for n in WINDOWS]


def over_units() -> Points:
    table, promised = a_table(POOL), half_full(POOL, HORIZON)
    return [(units, microseconds(table, promised, units)) for units in ASKED]


def over_pools() -> Points:
    return [(pool, microseconds(a_table(pool), half_full(pool, HORIZON), UNITS, pool)) for pool in POOLS]


def over_reservations() -> Points:
    """Of one unit each, for an hour or so, spread over the horizon."""
    table, rng = a_table(POOL), np.random.default_rng(3)
    promised, capacity = np.zeros(HORIZON, dtype=np.int64), np.full(HORIZON, POOL, dtype=np.int64)
    points, made = [], 0
    for count in RESERVATIONS:
        for start in rng.integers(0, HORIZON - SLOTS, count - made).tolist():
            apply(promised, capacity, first_slot=0, units=1, start=start, end=start + SLOTS)
        made = count
        points.append((count, microseconds(table, promised, UNITS)))
    return points


def a_table(pool: int) -> PriceTable:
    rng = np.random.default_rng(7)
    curves = [a_curve(rng, hour, pool) for hour in range(HOURLY)]
    return PriceTable(curves, np.repeat(np.arange(HOURLY), SEASON // HOURLY), floor=FLOOR, max_units=pool)


def half_full(pool: int, slots: int) -> Int64Array:
    """Promises around half of the pool: what is asked fits in every slot."""
    return pool // 4 + wandering(np.random.default_rng(5), pool // 2 or 1, slots)


def microseconds(table: PriceTable, promised: Int64Array, units: int, pool: int = POOL) -> float:
    """The median of many decisions over all of `promised`."""
    capacity = np.full(len(promised), pool, dtype=np.int64)
    took = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        decide(
            table,
            promised,
            capacity,
            first_slot=FIRST_SLOT,
            units=units,
            slots=SLOTS,
            start=FIRST_SLOT,
            end=FIRST_SLOT + len(promised),
        )
        took.append(time.perf_counter_ns() - began)
    return statistics.median(took) / 1e3


def draw(found: dict[str, Points]) -> None:
    figure, axes = plt.subplots(1, len(found), figsize=(13, 3.2), sharey=False, layout="constrained")
    for axis, (name, points) in zip(axes, found.items(), strict=True):
        draw_one(axis, name, points)
    axes[0].set_ylabel("one decision, µs")
    figure.savefig(CHART, dpi=80)
    plt.close(figure)


def draw_one(axis: Axes, name: str, points: Iterable[tuple[int, float]]) -> None:
    xs, ys = zip(*points, strict=True)
    axis.plot(xs, ys, marker="o", color="#206bc4")
    if name != "slots in the window":
        axis.set_xscale("symlog", linthresh=1)
    axis.set_ylim(0, max(40, 1.1 * max(ys)))
    axis.set_xlabel(name)
    axis.grid(alpha=0.3)


if __name__ == "__main__":
    main()
