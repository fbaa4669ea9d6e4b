"""Does anything run twice, get lost or get paid wrongly, whatever breaks? 200 jobs through random faults.

Run with `python -m benchmarks.faults` (as root, on a machine that can run the tests of Docker Swarm; some ten minutes):
a whole platform on a Swarm of three nodes, with agents on two of them, on which all jobs run. Every few seconds a
part of the platform is killed, a node is stopped or cut off the network, the registry goes, or the manager's Docker
is killed; what was broken comes back after a while. At the end, when every job is settled, it counts what became of
the jobs, looks for attempts of one job that ran at the same time, and has the platform reconcile.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx

import docker
from tests.platform import PROJECT, Platform, a_request, database, in_future, running_platform
from tests.swarm.images import import_busybox
from tests.swarm.node import Node
from tests.swarm.rig import Rig, running_swarm

JOBS, SLOT, UNITS, HEADROOM = 200, 12, 12, 4
EVERY, BROKEN_FOR = (6.0, 14.0), (10.0, 25.0)
"""Seconds, at least and at most: between two faults, and until a node or the registry is mended."""
SETTLED_WITHIN = 1_500
PARTS = {
    "worker": ("celery", " worker"),
    "beat": ("celery", " beat"),
    "collector": ("manage.py", "collect"),
    "web": ("era_platform.embedded.web",),
    "valkey": ("valkey-server",),
    "postgres": ("postgres", "-D"),
}
SCRIPT = """
for i in $(seq 1 25); do read now rest < /proc/uptime; echo $now >> $ERA_OUTPUT_DIR/alive; sleep 0.2; done
"""
KEEP_HEADROOM = """
from pricing.models import Pool
from pricing.services.pools import change_capacity
pool = Pool.objects.get(slug="quick")
change_capacity(actor=None, pool_id=pool.pk, units=pool.units, headroom_units=%d)
"""
RECONCILE = """
import json
from jobs.services.reconcile import reconcile
print("FOUND", json.dumps([(found.kind, found.subject, found.found) for found in reconcile()]))
"""


class Fault(NamedTuple):
    """Something that breaks, and how it is mended; None where it comes back by itself."""

    name: str
    breaks: Callable[[], None]
    mends: Callable[[], None] | None = None


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # and so all that was started is stopped
    with ExitStack() as running:
        rig = running.enter_context(running_swarm())
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="era-faults-")))
        folder.chmod(0o755)
        platform = running.enter_context(on(rig, folder, options))
        running.enter_context(agents(rig.nodes[1:], platform))
        with rig.client() as client:
            image = rig.push(import_busybox(client))
        jobs = submit(platform, image, options)
        broken = break_things(rig, platform, Random(options.seed), jobs)
        rig.repair()
        rig.set_pools(n1="none", n2="quick", n3="quick")
        report(platform, settled(platform, jobs), broken)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slot", type=int, default=SLOT, help="seconds; each job has one slot")
    parser.add_argument("--window", type=int, default=150, help="seconds that the first job's window is long")
    parser.add_argument("--apart", type=float, default=2, help="seconds by which each window ends after the one before")
    parser.add_argument("--headroom", type=int, default=HEADROOM, help=f"units of the {UNITS} that are not sold")
    return parser.parse_args()


@contextmanager
def on(rig: Rig, folder: Path, options: argparse.Namespace) -> Iterator[Platform]:
    """A platform whose jobs run on the nodes n2 and n3: each has room for 8 of the 12 units. One alone can run all
    that is sold where 4 are head-room; without head-room reservations have to move when one is lost."""
    rig.set_pools(n1="none", n2="quick", n3="quick")
    settings = {"ERA_ENGINE": "swarm", "ERA_DOCKER_HOST": rig.host, "ERA_NODE_GRACE_SECONDS": "5"}
    with running_platform(folder, **settings) as platform:
        size = [f"--units={UNITS}", "--unit-cpus=0.25", "--unit-memory-mib=64"]
        slots = [f"--slot-seconds={options.slot}", "--horizon-slots=2000", "--grace-seconds=2"]
        platform.manage("create_pool", "quick", *size, *slots)
        platform.manage("shell", "-v0", "-c", KEEP_HEADROOM % options.headroom)
        yield platform


@contextmanager
def agents(nodes: list[Node], platform: Platform) -> Iterator[None]:
    """One on each of these nodes, as a supervisor would keep them: they outlive Docker and the database."""
    kept = dict(line.split("=", 1) for line in (platform.folder / "servers.env").read_text().splitlines())
    command = [sys.executable, str(PROJECT / "manage.py"), "agent"]
    started = [
        subprocess.Popen(
            command, env={**platform.environment, **kept, "ERA_DOCKER_HOST": node.host}, stderr=subprocess.DEVNULL
        )
        for node in nodes
    ]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def submit(platform: Platform, image: str, options: argparse.Namespace) -> list[str]:
    """Jobs of one unit and one slot, each with a window of some minutes; half of them may begin at once."""
    ids = []
    with platform.client() as client:
        for number in range(options.jobs):
            wait = {} if number % 2 else {"earliest": in_future(seconds=20 + number * options.apart / 2)}
            request = a_request(
                pool="quick",
                name=f"job {number}",
                image=image,
                command=["sh", "-c", SCRIPT],
                duration=options.slot,
                deadline=in_future(seconds=options.window + number * options.apart),
                value="100",
                **wait,
            )
            answer = client.post("jobs", json=request)
            assert answer.status_code == 201, answer.text
            if answer.json()["state"] == "reserved":  # the market may refuse one whose window is full
                ids.append(answer.json()["id"])
    return ids


def break_things(rig: Rig, platform: Platform, random: Random, jobs: list[str]) -> Counter[str]:
    """One fault after the other until the last job has had its slot; returns how many of each kind."""
    counts: Counter[str] = Counter()
    mending: list[tuple[float, Fault]] = []
    while waiting(platform):
        possible = [fault for fault in faults(rig, platform) if not (fault.mends and mending)]
        fault = random.choice(possible)
        print(f"{time.strftime('%H:%M:%S')} {fault.name}", file=sys.stderr, flush=True)
        with suppress(AssertionError, docker.errors.DockerException, OSError):
            fault.breaks()
        counts[fault.name.split(" ")[0]] += 1
        if fault.mends:
            mending.append((time.monotonic() + random.uniform(*BROKEN_FOR), fault))
        time.sleep(random.uniform(*EVERY))
        for due, broken in list(mending):
            if time.monotonic() > due and broken.mends:
                broken.mends()
                mending.remove((due, broken))
    return counts


def faults(rig: Rig, platform: Platform) -> list[Fault]:
    def kill(part: str) -> Fault:
        return Fault(f"{part} killed", lambda: platform.kill(*PARTS[part]))

    def again(name: str) -> None:
        rig.node(name).start()
        rig.node(name).wait()

    node_faults = [
        fault
        for name in ("n2", "n3")
        for fault in (
            Fault(f"node {name} stopped", rig.node(name).stop, lambda name=name: again(name)),  # type: ignore[misc]
            Fault(f"cable of {name} cut", rig.node(name).cut, rig.node(name).mend),
        )
    ]
    manager = Fault("manager's dockerd killed", rig.manager.kill_daemon, lambda: again("n1"))
    registry = Fault("registry stopped", rig.registry.stop, rig.registry.start)
    return [*map(kill, PARTS), *node_faults, manager, registry]


def waiting(platform: Platform) -> bool:
    """Whether a job has not had its slot yet; asked of the database, which may be down itself."""
    with suppress(OSError, Exception), database(platform) as rows:
        [found] = rows("SELECT count(*) AS jobs FROM jobs_job WHERE state = 'reserved'")
        return bool(found["jobs"])
    return True


def settled(platform: Platform, jobs: list[str]) -> list[dict[str, Any]]:
    """All jobs, once the last one is settled."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError, AssertionError, ValueError), platform.client() as client:
            seen = [client.get(f"jobs/{job_id}").json() for job_id in jobs]
            if all(job.get("paid") is not None for job in seen):
                return seen
        time.sleep(3)
    raise SystemExit("not all jobs were settled")


def report(platform: Platform, jobs: list[dict[str, Any]], broken: Counter[str]) -> None:
    outcomes = Counter(f"{job['state']} {job['reason']}".strip() for job in jobs)
    attempts = Counter(job["attempt"] for job in jobs)
    moved = sum(job["promised_start"] != job["start"] for job in jobs)
    credits = sum(job["credit"] != "0.00" for job in jobs)
    wrong = [job["id"] for job in jobs if job["paid"] != ("0.00" if job["reason"] == "platform" else job["price"])]
    overlaps = [job["id"] for job in jobs if overlap(platform.folder / "storage" / "jobs" / job["id"])]
    time.sleep(70)  # the reconciler gives whatever is under way a minute
    found = next(line for line in platform.manage("shell", "-v0", "-c", RECONCILE).splitlines() if "FOUND" in line)
    print(f"faults: {sum(broken.values())} ({', '.join(f'{count} {name}' for name, count in broken.most_common())})")
    print(f"jobs: {dict(outcomes)}; moved {moved}; with a credit {credits}; attempts {dict(sorted(attempts.items()))}")
    print(f"paid wrongly: {len(wrong)} {wrong[:3]}; two attempts at the same time: {len(overlaps)} {overlaps[:3]}")
    print(f"the reconciler finds: {json.loads(found.partition('FOUND')[2])}")


def overlap(folder: Path) -> bool:
    """Whether two attempts of a job wrote at the same time, by the machine's clock that never turns back."""
    spans = []
    for alive in sorted(folder.glob("outputs/*/alive")):
        moments = [float(line) for line in alive.read_text().split()]
        if moments:
            spans.append((moments[0], moments[-1]))
    spans.sort()
    return any(after[0] < before[1] for before, after in pairwise(spans))


if __name__ == "__main__":
    main()
