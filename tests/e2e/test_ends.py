"""The other ends a job can come to, through the API of a running platform."""

import httpx
import pytest

from tests.e2e.following import wait_for, wait_until_settled
from tests.platform import Platform, a_request, in_future

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def client(platform: Platform) -> httpx.Client:
    return platform.client()


def test_a_job_is_stopped_at_the_end_of_its_slot(client: httpx.Client) -> None:
    request = a_request(pool="quick", duration=5, command=["sleep", "600"], deadline=in_future(minutes=5))
    answer = client.post("jobs", json=request).json()
    wait_for(client, answer["id"], "timed_out")
    settled = wait_until_settled(client, answer["id"])
    assert settled["paid"] == settled["price"]


def test_a_cancelled_reservation_costs_nothing(client: httpx.Client) -> None:
    before = client.get("wallet").json()
    request = a_request(earliest=in_future(minutes=30))
    answer = client.post("jobs", json=request).json()
    assert client.post(f"jobs/{answer['id']}/cancel").json()["state"] == "cancelled"
    assert client.get("wallet").json() == before


def test_a_running_job_can_be_cancelled(client: httpx.Client) -> None:
    request = a_request(pool="quick", duration=60, command=["sleep", "600"], deadline=in_future(minutes=5))
    job_id = client.post("jobs", json=request).json()["id"]
    wait_for(client, job_id, "running")
    assert client.post(f"jobs/{job_id}/cancel").status_code == 200
    assert wait_for(client, job_id, "cancelled")["finished_at"]
