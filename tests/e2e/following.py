"""Follows a job as a client outside would: by its state, and by its log over a WebSocket."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.platform import Platform, eventually

FINAL = {"succeeded", "failed", "timed_out", "cancelled", "rejected"}


@dataclass
class Followed:
    """What came: the bytes in order, when each part came (Unix seconds), and the last offset told."""

    data: bytes = b""
    parts: list[tuple[float, bytes]] = field(default_factory=list)
    end: int | None = None


def follow(platform: Platform, client: httpx.Client, job_id: str, *, offset: int = 0, until: int = 2**62) -> Followed:
    """The log from `offset` on until it ends, or `until` bytes have come."""
    came = Followed()
    address = f"ws://localhost:{platform.port}/ws/v1/jobs/{job_id}/logs?offset={offset}"
    headers = {"Authorization": client.headers["Authorization"]}
    with connect(address, additional_headers=headers, max_size=None) as socket:
        for message in socket:
            if isinstance(message, bytes):
                came.parts.append((time.time(), message))
                came.data += message
            elif (told := json.loads(message))["type"] == "end":
                came.end = told["offset"]
            if len(came.data) >= until:
                break
    return came


def wait_for(client: httpx.Client, job_id: str, *states: str, within: float = 90.0) -> dict[str, Any]:
    """The job, once it is in one of `states`; fails at once if it has ended in another."""

    def looked() -> dict[str, Any] | None:
        answer = client.get(f"jobs/{job_id}")
        if answer.status_code == 503:  # the database is away, and says so
            return None
        seen = answer.raise_for_status().json()
        assert seen["state"] in states or seen["state"] not in FINAL, f"{seen['state']}: {seen['reason']}"
        return seen if seen["state"] in states else None

    found = eventually(looked, within=within, what=f"{job_id} is {' or '.join(states)}", every=0.2)
    assert found is not None
    return found


def wait_until_settled(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job, once what it pays is settled: that comes right after its end, not with it."""

    def looked() -> dict[str, Any] | None:
        seen = client.get(f"jobs/{job_id}").raise_for_status().json()
        return seen if seen["paid"] is not None else None

    found = eventually(looked, what=f"{job_id} is settled", every=0.2)
    assert found is not None
    return found
