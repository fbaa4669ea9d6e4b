"""Makes requests of a trace's jobs: windows and values are drawn from a seed, times and sizes stay as they are.

Slack: each window is 1.2 to 10 times as long as the job (log-uniform), from the slot after its submission.
Value: what a unit is worth for an hour, log-normal with median 1 and sigma 1, times units and hours; or the
trace's own, where it has them. Both are independent of the job's size and time.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from era_platform.common.money import MICRO
from pricing.forecasting import History
from pricing.simulation.traces import Job

SLACK = (1.2, 10.0)
SIGMA = 1.0


@dataclass(frozen=True)
class Workload:
    """`requests` in order of arrival, slots counted from the first submission; those from row `first` on are
    sold to, by a pool of `units`, the ones before are the past to learn from."""

    requests: History
    first: int
    units: int
    slot_seconds: int

    @property
    def sold_to(self) -> History:
        return self.requests[self.first :]

    @property
    def asked(self) -> int:
        """The value of all requests that are sold to, in micro-credits."""
        return sum(self.sold_to.value.tolist())

    @property
    def load(self) -> float:
        """Unit-slots asked for to those there are, while requests arrive."""
        return work(self.sold_to) / (self.units * span(self.sold_to))


def build(
    jobs: list[Job], *, seed: int, slot_seconds: int, units: int | None = None, load: float | None = None, past: float
) -> Workload:
    """The first `past` (0 to 1) of the time is the past. The pool has `units`, or as many as make the `load`."""
    draw = np.random.default_rng(seed)
    count = len(jobs)
    slack = np.exp(draw.uniform(log(SLACK[0]), log(SLACK[1]), count))
    drawn = draw.lognormal(0.0, SIGMA, count)
    began = jobs[0].submitted
    submitted = np.array([job.submitted - began for job in jobs])
    density = np.array([own if job.density is None else job.density for job, own in zip(jobs, drawn, strict=True)])
    wanted = np.array([job.units for job in jobs], dtype=np.int64)
    slots = np.ceil(np.array([job.duration for job in jobs]) / slot_seconds).astype(np.int64)
    arrival = (submitted // slot_seconds).astype(np.int64)
    value = np.rint(density * wanted * slots * (slot_seconds / 3_600) * MICRO)
    if value.max() >= 2**62:
        raise ValueError(f"a job of {wanted[value.argmax()]} units for {slots[value.argmax()]} slots is worth too much")
    start = arrival + 1
    end = start + np.floor(slack * slots).astype(np.int64)
    requests = History(arrival, wanted, slots, start, end, value.astype(np.int64))
    first = int(np.searchsorted(submitted, submitted[-1] * past, side="right")) if past else 0
    if first >= count:
        raise ValueError(f"after the first {past:.0%} of the time no request is left to sell to")
    if units is None:
        sold_to = requests[first:]
        units = max(1, round(work(sold_to) / (span(sold_to) * (load or 1.0))))
    return Workload(requests, first, units, slot_seconds)


def work(requests: History) -> int:
    """Unit-slots asked for."""
    return int((requests.units * requests.slots).sum())


def span(requests: History) -> int:
    """Slots from the first arrival to the last, both included."""
    return int(requests.arrival[-1] - requests.arrival[0]) + 1
