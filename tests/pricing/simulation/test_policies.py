"""Policies on small markets whose answer is known, and what holds for each of them on any."""

import numpy as np
import pytest

from pricing.forecasting import History
from pricing.simulation.backfill import easy_backfill
from pricing.simulation.bound import lp_bound
from pricing.simulation.policies import POLICIES, Options
from pricing.simulation.run import NAMES, in_use, simulate
from pricing.simulation.traces import Job
from pricing.simulation.workload import Workload, build

MICRO = 1_000_000


def quiet(done: int) -> None:
    """Nobody watches."""


def a_workload(*rows: tuple[int, int, int, int, int, int], units: int = 2) -> Workload:
    return Workload(History.of(rows), 0, units, 3_600)


@pytest.fixture(scope="module")
def busy() -> Workload:
    """600 random jobs at load 1.5."""
    draw = np.random.default_rng(4)
    jobs = [
        Job(float(at), float(lasts), int(units))
        for at, lasts, units in zip(
            np.sort(draw.uniform(0, 10 * 86_400, 600)),
            draw.lognormal(8.5, 1, 600),
            draw.integers(1, 9, 600),
            strict=True,
        )
    ]
    return build(jobs, seed=1, slot_seconds=1_800, load=1.5, past=0.5)


@pytest.mark.parametrize("name", POLICIES)
def test_no_policy_sells_more_than_there_is_or_outside_of_a_window(busy: Workload, name: str) -> None:
    outcome = POLICIES[name](busy, Options(refit_seconds=86_400), quiet)
    asked, served = busy.sold_to, outcome.starts >= 0
    assert served.any()
    assert (outcome.starts >= asked.start)[served].all()
    assert (outcome.starts + asked.slots <= asked.end)[served].all()
    assert (outcome.prices <= asked.value)[served].all()
    use = np.zeros(int(asked.end.max()) + 1, dtype=np.int64)
    for start, slots, units in zip(outcome.starts[served], asked.slots[served], asked.units[served], strict=True):
        use[start : start + slots] += units
    assert use.max() <= busy.units


@pytest.mark.parametrize("name", POLICIES)
def test_the_same_workload_gives_the_same_outcome(busy: Workload, name: str) -> None:
    once, again = (POLICIES[name](busy, Options(refit_seconds=86_400), quiet) for _ in range(2))
    assert once.starts.tolist() == again.starts.tolist()
    assert once.prices.tolist() == again.prices.tolist()


def test_nobody_exceeds_the_bound_and_ours_is_not_the_worst(busy: Workload) -> None:
    result = simulate(busy, NAMES, Options(refit_seconds=86_400), dict.fromkeys(NAMES, quiet))
    shares = {name: summary.welfare_share for name, summary in result.summaries.items()}
    assert max(shares.values()) == shares["lp-bound"] <= 1
    assert shares["era"] > shares["first-fit"]
    assert all(0 < (summary.utilization or 1) <= 1 for summary in result.summaries.values())


def test_the_bound_cuts_jobs_into_pieces() -> None:
    # Two units, two slots: the third request fits only in pieces, half of it.
    workload = a_workload((0, 2, 1, 0, 2, 4 * MICRO), (0, 1, 2, 0, 2, 2 * MICRO), (0, 1, 1, 0, 1, 1 * MICRO))
    assert lp_bound(workload) == pytest.approx(6 * MICRO, rel=1e-6)


def test_the_bound_of_jobs_that_are_too_large_is_nothing() -> None:
    assert lp_bound(a_workload((0, 3, 1, 0, 5, MICRO), (1, 3, 1, 1, 5, MICRO))) == 0


def test_backfilling_lets_a_short_job_go_first_that_delays_nobody() -> None:
    # The first takes both units for 4 slots after the second's; the third fits beside the first meanwhile.
    requests = History.of([(0, 1, 4, 1, 99, 1), (0, 2, 2, 1, 99, 1), (0, 1, 3, 1, 99, 1), (0, 1, 5, 1, 99, 1)])
    assert easy_backfill(requests, 2).tolist() == [1, 5, 1, 7]


def test_backfilling_drops_who_cannot_end_in_time_or_ever_run() -> None:
    requests = History.of([(0, 2, 4, 1, 99, 1), (0, 2, 4, 1, 8, 1), (0, 3, 1, 1, 99, 1)])
    assert easy_backfill(requests, 2).tolist() == [1, -1, -1]


def test_use_counts_units_from_the_first_arrival_to_the_last() -> None:
    workload = a_workload((0, 1, 2, 1, 9, 1), (3, 2, 4, 4, 9, 1), units=4)
    assert in_use(workload, np.array([1, -1])).tolist() == [0, 1, 1, 0]


def test_load_is_what_is_asked_for_to_what_there_is() -> None:
    jobs = [Job(3_600.0 * k, 3_600.0, 2) for k in range(100)]
    workload = build(jobs, seed=0, slot_seconds=3_600, load=0.5, past=0.5)
    assert (workload.units, workload.load, workload.first) == (4, 0.5, 50)
