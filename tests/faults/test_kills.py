"""`kill -9` of each part, while jobs are due, starting and running: every job still starts once, nothing is lost."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from websockets.exceptions import WebSocketException

from era_platform.common.money import MICRO, parse_credits
from tests.e2e.following import Followed, follow, wait_for
from tests.platform import Platform, a_request, database, eventually, in_future, running_platform

pytestmark = pytest.mark.faults

SLOT = 4
LINES = 40
SCRIPT = f"""
import os, time
with open(os.path.join(os.environ["ERA_OUTPUT_DIR"], "starts"), "a") as file:
    file.write("started\\n")
for number in range({LINES}):
    print("line", number, flush=True)
    time.sleep(0.05)
"""
PARTS = {
    "worker": ("celery", " worker"),
    "beat": ("celery", " beat"),
    "collector": ("manage.py", "collect"),
    "web": ("era_platform.embedded.web",),
    "valkey": ("valkey-server",),
    "postgres": ("postgres", "-D"),
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("killed")) as started:
        started.manage("create_pool", "quick", "--units=8", f"--slot-seconds={SLOT}", "--horizon-slots=2000",
                       "--unit-cpus=0.25", "--unit-memory-mib=512", "--grace-seconds=1")  # fmt: skip
        yield started


@pytest.fixture(scope="module")
def client(platform: Platform) -> httpx.Client:
    return platform.client()


@dataclass
class Round:
    """Three jobs in slots one after the other, and what a follower of the second one's log received."""

    jobs: list[dict[str, Any]]
    followed: Followed


@pytest.fixture(scope="module", params=list(PARTS))
def ended(request: pytest.FixtureRequest, platform: Platform, client: httpx.Client) -> Round:
    """A round in which the part is killed as the first job is due, as the second starts, and as the third runs."""
    submitted = [submit(client, number) for number in range(3)]
    followed: list[Followed] = []
    follower = threading.Thread(target=lambda: followed.append(follow_through(platform, client, submitted[1]["id"])))
    follower.start()
    for job, after in zip(submitted, (-0.3, 0.2, 2.0), strict=True):
        sleep_until(job["start"], after)
        platform.kill(*PARTS[request.param])
    eventually(platform.is_ready, within=90, what=f"ready after the kills of {request.param}")
    jobs = [wait_for(client, job["id"], "succeeded") for job in submitted]
    follower.join(60)
    return Round([settled(client, job["id"]) for job in jobs], followed[0])


def test_every_job_succeeds_in_its_own_slot(ended: Round) -> None:
    for job in ended.jobs:
        assert job["exit_code"] == 0
        assert moment(job["start"]) <= moment(job["started_at"]) < moment(job["end"])


def test_every_job_starts_once(platform: Platform, ended: Round) -> None:
    for job in ended.jobs:
        folder = platform.folder / "storage" / "jobs" / job["id"]
        assert (folder / "outputs" / "1" / "starts").read_text() == "started\n"
        assert len(list((folder / "attempts").iterdir())) == 1


def test_no_line_of_a_log_is_lost_or_doubled(client: httpx.Client, ended: Round) -> None:
    whole = "".join(f"line {number}\n" for number in range(LINES)).encode()
    for job in ended.jobs:
        assert client.get(f"jobs/{job['id']}/logs").content == whole
    assert ended.followed.data == whole


def test_every_wallet_is_right(platform: Platform, client: httpx.Client, ended: Round) -> None:
    for job in ended.jobs:
        price, paid = parse_credits(job["price"]), parse_credits(job["paid"])
        assert price / 2 <= paid <= price, "half of the second slot comes back where it is not needed"
    with database(platform) as rows:
        [ledger] = rows(
            "SELECT sum(balance) AS sum, sum(balance) FILTER (WHERE kind = 'held') AS held,"
            " sum(balance) FILTER (WHERE kind = 'revenue') AS revenue FROM accounts_ledgeraccount"
        )
        [all_paid] = rows("SELECT coalesce(sum(paid), 0) AS sum FROM jobs_job")
        [holds] = rows("SELECT coalesce(sum(amount - captured - released), 0) AS left FROM accounts_hold")
    assert ledger["sum"] == 0
    assert ledger["held"] == holds["left"]
    assert ledger["revenue"] == all_paid["sum"]
    available = parse_credits(client.get("wallet").json()["available"])
    assert available == 1_000 * MICRO - all_paid["sum"] - holds["left"]


def test_nothing_that_was_acknowledged_is_lost_with_postgres(platform: Platform, client: httpx.Client) -> None:
    acknowledged: list[dict[str, Any]] = []
    stop = threading.Event()

    def submit_on() -> None:
        while not stop.is_set():
            with suppress(httpx.HTTPError):
                answer = client.post("jobs", json=a_request(earliest=in_future(hours=2), deadline=in_future(hours=9)))
                if answer.status_code == 201:
                    acknowledged.append(answer.json())

    submitter = threading.Thread(target=submit_on)
    submitter.start()
    try:
        for wanted in (20, 40):
            eventually(lambda least=wanted: len(acknowledged) >= least, within=60, what="submissions")  # type: ignore[misc]
            platform.kill(*PARTS["postgres"])
            eventually(platform.is_ready, within=90, what="ready after a kill of postgres")
    finally:
        stop.set()
        submitter.join(60)
    for job in acknowledged[:5] + acknowledged[-5:]:
        assert client.get(f"jobs/{job['id']}").json()["price"] == job["price"]
    with database(platform) as rows:
        kept = {str(row["id"]) for row in rows("SELECT id FROM jobs_job")}
    assert {job["id"] for job in acknowledged} <= kept


def submit(client: httpx.Client, number: int) -> dict[str, Any]:
    """A job of one slot, each in a slot of its own: far enough ahead to be submitted in peace."""
    request = a_request(
        pool="quick",
        name=f"job {number}",
        command=["python", "-c", SCRIPT],
        duration=2 * SLOT,  # leaves time for a late start after a kill
        earliest=in_future(seconds=6 + number * SLOT),
        deadline=in_future(seconds=60),
    )
    answer = client.post("jobs", json=request)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "reserved", answer.text
    return answer.json()


def follow_through(platform: Platform, client: httpx.Client, job_id: str) -> Followed:
    """Follow a log as the page does: where the connection breaks, go on from the last offset."""
    whole = Followed()
    deadline = time.monotonic() + 90
    while whole.end is None and time.monotonic() < deadline:
        with suppress(OSError, WebSocketException):
            came = follow(platform, client, job_id, offset=len(whole.data))
            whole.data += came.data
            whole.end = came.end
        time.sleep(0.2)
    return whole


def settled(client: httpx.Client, job_id: str) -> dict[str, Any]:
    def looked() -> dict[str, Any] | None:
        seen = client.get(f"jobs/{job_id}").json()
        return seen if seen.get("paid") is not None else None

    found = eventually(looked, within=60, what=f"{job_id} is settled")
    assert found is not None
    return found


def sleep_until(start: str, after: float) -> None:
    """Until `after` seconds after `start`: the kills are meant to meet the job in that state."""
    time.sleep(max(0.0, moment(start).timestamp() + after - time.time()))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
