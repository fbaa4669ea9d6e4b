"""How punctually do jobs begin on a Swarm? 100 jobs over 20 slots, then 30 that are due in one slot.

Run with `python -m benchmarks.punctuality` (as root, on a machine that can run the tests of Docker Swarm; some five
minutes): a whole platform on a Swarm of three nodes with an agent each, the image staged beforehand. What a runner
wrote down when it began its job's command is held against the start that was promised. Absolute times, for these are
promises about time; on a busy machine they say so.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from benchmarks.faults import agents
from tests.platform import Platform, a_request, database, eventually, running_platform
from tests.swarm.images import import_busybox
from tests.swarm.rig import Rig, running_swarm

SLOTS, EACH, TOGETHER = 20, 5, 30
SLOT, LEAD = 8, 80
"""Seconds: of a slot, and from now until the first, in which all is submitted and staged."""
UNITS = 30
LONG = 3
"""Slots that the jobs last which begin together."""
TIMES = """
SELECT job.name, job.state, job.staged_at < job.start_at AS staged,
    extract(epoch FROM attempt.created_at - job.start_at)::float AS claimed,
    extract(epoch FROM job.started_at - job.start_at)::float AS begun
FROM jobs_job AS job LEFT JOIN jobs_attempt AS attempt ON attempt.job_id = job.id AND attempt.number = 1
WHERE job.state <> 'rejected'
"""
COLUMNS = ("n", "p50", "p90", "p99", "most")


class Plan(NamedTuple):
    """Jobs of one name: how many begin in which slot, by its start, and how many slots and seconds each lasts."""

    name: str
    start: datetime
    jobs: int
    slots: int
    seconds: int


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # and so all that was started is stopped
    with ExitStack() as running:
        rig = running.enter_context(running_swarm())
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="era-punctuality-")))
        folder.chmod(0o755)
        platform = running.enter_context(on(rig, folder, options.slot))
        running.enter_context(agents(rig.nodes, platform))
        with rig.client() as client:
            image = rig.push(import_busybox(client))
        plans = planned(options)
        refused = submit(platform, image, plans, options.slot)
        report(ended(platform, plans[-1]), refused)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=SLOTS, help=f"in each of which {EACH} jobs begin")
    parser.add_argument("--slot", type=int, default=SLOT, help="seconds of a slot")
    parser.add_argument("--lead", type=int, default=LEAD, help="seconds until the first slot")
    return parser.parse_args()


@contextmanager
def on(rig: Rig, folder: Path, slot: int) -> Iterator[Platform]:
    """A platform that sells all that the three nodes have: ten units each."""
    rig.set_pools(n1="bench", n2="bench", n3="bench")
    with running_platform(folder, ERA_ENGINE="swarm", ERA_DOCKER_HOST=rig.host) as platform:
        size = [f"--units={UNITS}", "--unit-cpus=0.2", "--unit-memory-mib=64"]
        platform.manage("create_pool", "bench", *size, f"--slot-seconds={slot}", "--horizon-slots=2000",
                        "--grace-seconds=1")  # fmt: skip
        yield platform


def planned(options: argparse.Namespace) -> list[Plan]:
    """Some jobs in each slot; after an empty slot, many in one."""
    first = -(-(time.time() + options.lead) // options.slot) * options.slot
    starts = [datetime.fromtimestamp(first + number * options.slot, UTC) for number in range(options.slots + 2)]
    spread = [Plan("spread", start, EACH, 1, 1) for start in starts[:-2]]
    return [*spread, Plan("together", starts[-1], TOGETHER, LONG, options.slot * (LONG - 1))]


def submit(platform: Platform, image: str, plans: list[Plan], slot: int) -> int:
    """Send all; returns how many were not taken."""
    requests = [asked(plan, image, slot) for plan in plans for _ in range(plan.jobs)]
    refused = 0
    with platform.client() as client:
        for request in requests:
            answer = client.post("jobs", json=request)
            assert answer.status_code == 201, answer.text
            refused += answer.json()["state"] != "reserved"
    return refused


def asked(plan: Plan, image: str, slot: int) -> dict[str, Any]:
    """A request for one unit, whose window leaves no choice of when to begin."""
    return a_request(
        pool="bench",
        name=plan.name,
        image=image,
        command=["sleep", str(plan.seconds)],
        duration=plan.slots * slot,
        earliest=plan.start.isoformat(),
        deadline=(plan.start + timedelta(seconds=plan.slots * slot)).isoformat(),
        value="100",
    )


def ended(platform: Platform, last: Plan) -> list[dict[str, Any]]:
    """All jobs, when the last one has ended."""

    def looked() -> list[dict[str, Any]]:
        with database(platform) as rows:
            jobs = rows(TIMES)
        return [] if {job["state"] for job in jobs} & {"reserved", "starting", "running"} else jobs

    wait = (last.start - datetime.now(UTC)).total_seconds()
    return eventually(looked, within=max(wait, 0) + 120, what="the end of all jobs", every=2)


def report(jobs: list[dict[str, Any]], refused: int) -> None:
    states = sorted({job["state"] for job in jobs})
    counts = ", ".join(f"{sum(job['state'] == state for job in jobs)} {state}" for state in states)
    staged = sum(bool(job["staged"]) for job in jobs)
    print(f"jobs: {counts}; {refused} not taken; {staged} of {len(jobs)} staged before their slot")
    print(f"load: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print(f"{'seconds after the start of the slot':45}" + "".join(f"{name:>8}" for name in COLUMNS))
    for name in ("spread", "together"):
        own = [job for job in jobs if job["name"] == name]
        row(f"{name}: claimed for launching", [job["claimed"] for job in own])
        row(f"{name}: command began", [job["begun"] for job in own])


def row(what: str, seen: list[float | None]) -> None:
    """Values of those that have one: n says how many that are."""
    values = [value for value in seen if value is not None]
    if len(values) < 2:
        print(f"{what:45}{len(values):8}")
        return
    hundredths = quantiles(values, n=100, method="inclusive")
    shown = (median(values), hundredths[89], hundredths[98], max(values))
    print(f"{what:45}{len(values):8}" + "".join(f"{value:8.2f}" for value in shown))


if __name__ == "__main__":
    main()
