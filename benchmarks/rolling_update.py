"""An upgrade of portal and worker while people use them: `python -m benchmarks.rolling_update`, some ten minutes.

Deploys the platform on a Swarm of three nodes, starts 20 jobs that print numbered lines, asks 50 times a second and
follows every log; in the midst of it a new version is deployed. Counts requests that failed, and lines that are
missing or come twice, as stored and as followed.
"""

import asyncio
import json
import re
import ssl
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.platform import in_future
from tests.swarm.deployed_jobs import submit
from tests.swarm.deployment import Deployment, deployable
from tests.swarm.images import import_busybox

JOBS, RATE, LINES = 20, 50, 600
LASTS = LINES // 2 + 90
PRINTING = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo line $i; sleep 0.5; done"
BEFORE, AFTER = 10.0, 15.0  # seconds of load around the update


@dataclass
class Seen:
    """What came back: how often each answer, and how long each took."""

    image: str
    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Log:
    """A job's log as a follower has it, and how often the connection ended before the log did."""

    data: bytes = b""
    reconnected: int = 0


def main() -> None:
    with deployable() as deployment:
        deployment.run("deploy")
        deployment.furnish()
        with deployment.rig.client() as client:
            image = deployment.push(import_busybox(client))
        measure(deployment, image)


def measure(deployment: Deployment, image: str) -> None:
    # Built beforehand, as on a machine of its own: not the build is measured.
    version = f"update-{time.time_ns()}"
    deployment.run("build", "portal", ERA_VERSION=version, DOCKER_HOST=deployment.build_host)
    client = deployment.client()
    jobs = [_job(client, image) for _ in range(JOBS)]
    seen, logs, took = asyncio.run(_watched(deployment, client, jobs, image, version))
    stored = {job: client.get(f"jobs/{job}/logs").content for job in jobs}
    states = Counter(client.get(f"jobs/{job}").json()["state"] for job in jobs)
    _tell(seen, took, states, logs, stored)


def _job(client: httpx.Client, image: str) -> str:
    """In a window so narrow that all run at once."""
    deadline = in_future(seconds=LASTS + 45)
    return str(submit(client, image, ["sh", "-c", PRINTING], duration=LASTS, deadline=deadline)["id"])


async def _watched(
    deployment: Deployment, client: httpx.Client, jobs: list[str], image: str, version: str
) -> tuple[Seen, dict[str, Log], float]:
    trust, token = deployment.trust, client.headers["Authorization"]
    logs = {job: Log() for job in jobs}
    followers = [asyncio.create_task(_follow(deployment.address, trust, token, job, logs[job])) for job in jobs]
    await _until_all_print(logs)
    stop, seen = asyncio.Event(), Seen(image)
    load = asyncio.create_task(_load(client, trust, stop, seen))
    await asyncio.sleep(BEFORE)
    began = time.monotonic()
    await asyncio.to_thread(deployment.run, "deploy", ERA_VERSION=version)
    took = time.monotonic() - began
    await asyncio.sleep(AFTER)
    stop.set()
    await load
    await asyncio.wait_for(asyncio.gather(*followers), LASTS + 120)
    return seen, logs, took


async def _until_all_print(logs: dict[str, Log]) -> None:
    async with asyncio.timeout(180):
        while not all(log.data for log in logs.values()):
            await asyncio.sleep(0.2)


async def _load(client: httpx.Client, trust: ssl.SSLContext, stop: asyncio.Event, seen: Seen) -> None:
    """RATE requests a second, each begun when it is due, however long others take."""
    asked, due, running = 0, time.monotonic(), set()
    limits = httpx.Limits(max_connections=400)
    async with httpx.AsyncClient(
        base_url=client.base_url, headers=client.headers, verify=trust, timeout=60, limits=limits
    ) as many:
        while not stop.is_set():
            running.add(asyncio.create_task(_ask(many, asked, seen)))
            asked, due = asked + 1, due + 1 / RATE
            await asyncio.sleep(max(due - time.monotonic(), 0))
        await asyncio.gather(*running)


async def _ask(client: httpx.AsyncClient, number: int, seen: Seen) -> None:
    began = time.monotonic()
    try:
        answer = await _request(client, number, seen.image)
    except httpx.HTTPError as error:
        seen.wrong.append(f"{number}: {error!r}")
        return
    seen.seconds.append(time.monotonic() - began)
    seen.answers[f"{answer.request.method} {answer.status_code}"] += 1
    if answer.status_code not in (200, 201):
        seen.wrong.append(f"{number}: {answer.status_code} {answer.text[:200]}")


async def _request(client: httpx.AsyncClient, number: int, image: str) -> httpx.Response:
    """Of ten, seven read, two ask for a price and one submits (a job that is worth nothing, so it is rejected)."""
    request = {"pool": "quick", "units": 1, "duration": 5, "deadline": in_future(minutes=5)}
    match number % 10:
        case 0:
            return await client.post("jobs", json=_worthless(request, image))
        case 1 | 2:
            return await client.post("quotes", json=request)
        case turn:
            return await client.get(("wallet", "jobs", "pools")[turn % 3])


def _worthless(request: dict[str, Any], image: str) -> dict[str, Any]:
    return request | {"name": "none", "image": image, "command": ["true"], "value": "0"}


async def _follow(address: str, trust: ssl.SSLContext, token: str, job: str, log: Log) -> None:
    """Until the log's end; where the connection ends before, from where it was."""
    while True:
        at = f"wss://{address}/ws/v1/jobs/{job}/logs?offset={len(log.data)}"
        try:
            async with connect(at, ssl=trust, additional_headers={"Authorization": token}, max_size=None) as socket:
                async for message in socket:
                    if isinstance(message, bytes):
                        log.data += message
                    elif json.loads(message)["type"] == "end":
                        return
        except (WebSocketException, OSError):
            pass
        log.reconnected += 1
        await asyncio.sleep(0.1)


def _tell(seen: Seen, took: float, states: Counter[str], logs: dict[str, Log], stored: dict[str, bytes]) -> None:
    whole = [f"line {number}" for number in range(1, LINES + 1)]
    print(f"update took           {took:.0f} s")
    print(f"requests              {sum(seen.answers.values())} ({dict(seen.answers)})")
    print(f"failed                {len(seen.wrong)} {seen.wrong[:5]}")
    print(f"seconds, median/p99   {_quantiles(seen.seconds)}")
    print(f"jobs                  {dict(states)}")
    print(f"stored logs whole     {sum(_lines(data) == whole for data in stored.values())} of {len(stored)}")
    print(f"followed logs whole   {sum(_lines(log.data) == whole for log in logs.values())} of {len(logs)}")
    print(f"followers reconnected {sum(log.reconnected for log in logs.values())} times")


def _lines(data: bytes) -> list[str]:
    return re.split(r"\r?\n", data.decode().rstrip())


def _quantiles(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"{cuts[49]:.3f} / {cuts[98]:.3f}"


if __name__ == "__main__":
    main()
