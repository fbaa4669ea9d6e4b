"""How punctually jobs start, and how soon a line they print is with a reader, on a running platform.

Starts a platform of its own. Absolute times, for these are promises about time; on a busy machine they say so.
"""

import argparse
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import httpx

from tests.e2e.following import follow, wait_for
from tests.platform import Platform, a_request, in_future, running_platform

SLOT = 2
JOBS, LINES = 30, 300
PRINTING = f"""
import time
for _ in range({LINES}):
    print(f"{{time.time():.6f}}", flush=True)
    time.sleep(0.02)
"""


def main(jobs: int = JOBS) -> int:
    with tempfile.TemporaryDirectory(prefix="era-bench-") as folder, running_platform(Path(folder)) as platform:
        platform.manage("create_pool", "bench", "--units=8", f"--slot-seconds={SLOT}", "--horizon-slots=2000",
                        "--unit-cpus=0.25", "--unit-memory-mib=256", "--grace-seconds=1")  # fmt: skip
        client = platform.client()
        report("job running after its slot's start", lateness(client, jobs))
        report("line printed until it is with a WebSocket client", log_latency(platform, client))
    return 0


def lateness(client: httpx.Client, jobs: int) -> list[float]:
    """Seconds from the start that was promised to the start that was seen, for one job in each slot."""
    submitted = [
        client.post(
            "jobs",
            json=a_request(
                pool="bench",
                units=8,
                command=["sleep", "0.2"],
                duration=SLOT,
                deadline=in_future(seconds=SLOT * (jobs + 10)),
                value="100",
            ),
        ).json()
        for _ in range(jobs)
    ]
    final = ("succeeded", "timed_out")  # a machine that stalls for a second costs a job of one slot its end
    ended = [wait_for(client, job["id"], *final, within=SLOT * jobs + 60) for job in submitted]
    return [seconds(job["started_at"]) - seconds(job["start"]) for job in ended]


def log_latency(platform: Platform, client: httpx.Client) -> list[float]:
    """Seconds from a line's own time stamp to its arrival, for each line."""
    duration = SLOT * 6
    job = client.post(
        "jobs",
        json=a_request(
            pool="bench", command=["python", "-c", PRINTING], duration=duration, deadline=in_future(seconds=60)
        ),
    ).json()
    wait_for(client, job["id"], "running", "succeeded")
    waits, rest = [], b""
    for arrived, part in follow(platform, client, job["id"]).parts:
        *lines, rest = (rest + part).split(b"\n")
        waits += [arrived - float(line) for line in lines]
    return waits


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def report(what: str, values: list[float]) -> None:
    p99 = quantiles(values, n=100)[98]
    print(f"{what}: n {len(values)}, p50 {median(values):.3f} s, p99 {p99:.3f} s, most {max(values):.3f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=JOBS)
    began = time.monotonic()
    code = main(parser.parse_args().jobs)
    print(f"took {time.monotonic() - began:.0f} s")
    sys.exit(code)
