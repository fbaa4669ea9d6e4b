"""How long one POST /api/v1/jobs takes, how many a second there are with 1 and with 8 clients, and how many in a batch.

For a platform of its own it also says how much time of a processor each of its parts took for one job: on a
machine that is busy with other things that is what can be compared.

Run with `python -m benchmarks.http`: starts a platform of its own, with everything running. `--url` and
`--token` take one that runs already; `--pool` says what to buy there. The times are a client's, from the
first byte sent to the last one received, on connections that stay open.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil

from tests.platform import Platform, running_platform

POOL = "benchmark"
POOL_OPTIONS = ("--units=10000", "--slot-seconds=60", "--horizon-slots=10080", "--floor-price=0.0001")
WARM_UP, SUBMISSIONS = 50, 400
CLIENTS = (1, 8)
BATCH, BATCHES = 10_000, 3
PARTS = {"web": "embedded.web", "postgres": "postgres", "valkey": "valkey", "worker": "celery", "rest": ""}
"""Part of the platform → what the command line of its processes holds; the first that fits."""


class Target(NamedTuple):
    url: str
    token: str
    pool: str
    platform: Platform | None = None


class Result(NamedTuple):
    """Seconds of each submission, and of all together."""

    each: list[float]
    together: float

    def row(self, clients: int) -> str:
        cuts = statistics.quantiles(self.each, n=100)
        rate = len(self.each) / self.together
        return f"{clients:>8} {len(self.each):>12} {cuts[49] * 1e3:>9.1f} {cuts[98] * 1e3:>9.1f} {rate:>14.0f}"


def main() -> None:
    options = parse()
    with target(options) as given:
        submit(given, WARM_UP)
        print("POST /api/v1/jobs, everything running")
        print(f"{'clients':>8} {'submissions':>12} {'p50, ms':>9} {'p99, ms':>9} {'submissions/s':>14}")
        for clients in CLIENTS:
            before = used(given)
            print(measure(given, clients).row(clients), flush=True)
            tell_use(before, used(given), SUBMISSIONS)
        print(f"\nPOST /api/v1/jobs/batch, {BATCH:,} jobs each, everything running")
        print(f"{'body':>16} {'seconds':>12} {'jobs/s':>9}")
        for name, body in batches(given.pool):
            before = used(given)
            took = statistics.median(timed_batch(given, body) for _ in range(BATCHES))
            print(f"{name:>16} {took:>12.2f} {BATCH / took:>9,.0f}", flush=True)
            tell_use(before, used(given), BATCH * BATCHES)


def used(given: Target) -> dict[str, float]:
    """Seconds of processors that each part has used so far; empty for a platform that somebody else runs."""
    if given.platform is None:
        return {}
    seconds = dict.fromkeys([*PARTS, "client"], 0.0)
    for process in given.platform.processes():
        line = " ".join(process.cmdline())
        part = next(name for name, word in PARTS.items() if word in line)
        times = process.cpu_times()
        seconds[part] += times.user + times.system
    own = psutil.Process().cpu_times()
    return seconds | {"client": own.user + own.system}


def tell_use(before: dict[str, float], after: dict[str, float], jobs: int) -> None:
    if after:
        parts = {name: (after[name] - before[name]) / jobs * 1e3 for name in after}
        told = ", ".join(f"{name} {ms:.2f}" for name, ms in parts.items())
        print(f"         ms of a processor per job: {told}; together {sum(parts.values()):.2f}", flush=True)


def batches(pool: str) -> list[tuple[str, str]]:
    request = a_request(pool)
    written_out = {"requests": [request] * BATCH}
    numbers = [list(range(size)) for size in (100, BATCH // 100)]
    sweep = {"template": request | {"name": "{a}-{b}"}, "sweep": dict(zip("ab", numbers, strict=True))}
    return [("10,000 requests", json.dumps(written_out)), ("a sweep", json.dumps(sweep))]


def timed_batch(given: Target, body: str) -> float:
    address = urlsplit(given.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"Authorization": f"Bearer {given.token}", "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request("POST", "/api/v1/jobs/batch", body, headers)
    response = connection.getresponse()
    answer = response.read()
    took = time.perf_counter() - began
    if response.status != 201 or json.loads(answer)["accepted"] != BATCH:
        raise SystemExit(f"{response.status}: {answer.decode()[:500]}")
    return took


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="of a running platform, such as http://localhost:8000")
    parser.add_argument("--token", help="of a member there")
    parser.add_argument("--pool", default="local")
    return parser.parse_args()


@contextmanager
def target(options: argparse.Namespace) -> Iterator[Target]:
    if options.url:
        yield Target(options.url, options.token, options.pool)
        return
    with tempfile.TemporaryDirectory(prefix="era-benchmark-") as folder, running_platform(Path(folder)) as platform:
        platform.manage("create_pool", POOL, *POOL_OPTIONS)
        token = platform.manage("create_token", "--user", "demo@example.com", "--org", "demo")
        yield Target(platform.url, token, POOL, platform)


def measure(given: Target, clients: int) -> Result:
    """`SUBMISSIONS` shared out to clients that begin together."""
    each: list[float] = []
    threads = [
        threading.Thread(target=lambda: each.extend(submit(given, SUBMISSIONS // clients))) for _ in range(clients)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Result(each, time.perf_counter() - began)


def submit(given: Target, count: int) -> list[float]:
    """Seconds of each of `count` submissions, one after another. SystemExit where one is refused."""
    address = urlsplit(given.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"Authorization": f"Bearer {given.token}", "Content-Type": "application/json"}
    body = json.dumps(a_request(given.pool))
    return [timed(connection, body, headers) for _ in range(count)]


def timed(connection: http.client.HTTPConnection, body: str, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    connection.request("POST", "/api/v1/jobs", body, headers)
    response = connection.getresponse()
    answer = response.read()
    took = time.perf_counter() - began
    if response.status != 201 or json.loads(answer)["state"] != "reserved":
        raise SystemExit(f"{response.status}: {answer.decode()[:500]}")
    return took


def a_request(pool: str) -> dict[str, object]:
    """One unit for ten minutes, tomorrow or later: nothing is launched while this measures."""
    now = datetime.now(UTC)
    return {
        "pool": pool,
        "name": "benchmark",
        "image": "host",
        "command": ["true"],
        "units": 1,
        "duration": 600,
        "earliest": (now + timedelta(days=1)).isoformat(),
        "deadline": (now + timedelta(days=6)).isoformat(),
        "value": "1",
    }


if __name__ == "__main__":
    main()
