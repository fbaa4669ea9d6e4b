"""How long one POST /api/v1/jobs takes, and how many a second there are, with 1 and with 8 clients.

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

from tests.platform import running_platform

POOL = "benchmark"
POOL_OPTIONS = ("--units=10000", "--slot-seconds=60", "--horizon-slots=10080", "--floor-price=0.0001")
WARM_UP, SUBMISSIONS = 50, 400
CLIENTS = (1, 8)


class Target(NamedTuple):
    url: str
    token: str
    pool: str


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
            print(measure(given, clients).row(clients), flush=True)


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
        yield Target(platform.url, token, POOL)


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
