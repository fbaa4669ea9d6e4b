"""Plays a workload under each policy and sums up what came of it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pricing.book import Int64Array
from pricing.simulation.bound import lp_bound
from pricing.simulation.policies import POLICIES, Options, Outcome, Progress
from pricing.simulation.workload import Workload, span, work

LP_BOUND = "lp-bound"
NAMES = (*POLICIES, LP_BOUND)


@dataclass(frozen=True)
class Summary:
    """Shares are of the value asked for; `lp_share` of what the bound serves. Times are of single decisions, in
    microseconds. `utilization` is the seed's formula: the mean over time of the part of all units that is in use
    (a sold unit uses the whole of its CPUs, GPUs and memory, so their ratios, which sum to 1, cancel)."""

    welfare_share: float
    lp_share: float | None
    revenue_share: float | None
    utilization: float | None
    accepted: int | None
    decision_us_p50: float | None
    decision_us_p99: float | None


@dataclass(frozen=True)
class Result:
    summaries: dict[str, Summary]
    outcomes: dict[str, Outcome]

    def as_json(self) -> dict[str, Any]:
        return {name: asdict(summary) for name, summary in self.summaries.items()}


def simulate(workload: Workload, names: Iterable[str], options: Options, progress: dict[str, Progress]) -> Result:
    """All of `names`, in their order; `progress[name]` is told how many requests are dealt with."""
    names = list(names)
    bound = lp_bound(workload) if LP_BOUND in names else None
    summaries: dict[str, Summary] = {}
    outcomes: dict[str, Outcome] = {}
    for name in names:
        if name == LP_BOUND:
            summaries[name] = Summary(_share(bound or 0, workload), 1.0, None, None, None, None, None)
            progress[name](len(workload.sold_to))
        else:
            outcomes[name] = POLICIES[name](workload, options, progress[name])
            summaries[name] = _summary(workload, outcomes[name], bound)
    return Result(summaries, outcomes)


def _summary(workload: Workload, outcome: Outcome, bound: int | None) -> Summary:
    served = outcome.starts >= 0
    welfare = sum(workload.sold_to.value[served].tolist())
    p50, p99 = np.percentile(outcome.nanoseconds, [50, 99]) / 1_000
    return Summary(
        welfare_share=_share(welfare, workload),
        lp_share=round(welfare / bound, 6) if bound else None,
        revenue_share=_share(sum(outcome.prices[served].tolist()), workload),
        utilization=round(float(in_use(workload, outcome.starts).mean()) / workload.units, 6),
        accepted=int(served.sum()),
        decision_us_p50=round(float(p50), 2),
        decision_us_p99=round(float(p99), 2),
    )


def in_use(workload: Workload, starts: Int64Array) -> Int64Array:
    """Units in use in each slot, from the first arrival to the last."""
    sold_to = workload.sold_to
    first = int(sold_to.arrival[0])
    change = np.zeros(int(sold_to.end.max()) - first + 2, dtype=np.int64)
    served = starts >= 0
    np.add.at(change, starts[served] - first, sold_to.units[served])
    np.add.at(change, (starts + sold_to.slots)[served] - first, -sold_to.units[served])
    return np.cumsum(change)[: span(sold_to)]


def _share(value: int, workload: Workload) -> float:
    return round(value / workload.asked, 6) if workload.asked else 0.0


def describe(workload: Workload) -> dict[str, Any]:
    """What was played."""
    return {
        "units": workload.units,
        "slot_seconds": workload.slot_seconds,
        "load": round(workload.load, 6),
        "requests": len(workload.sold_to),
        "past_requests": workload.first,
        "unit_slots_asked": work(workload.sold_to),
    }
