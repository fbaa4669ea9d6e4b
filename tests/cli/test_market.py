"""What is sold, as `era` lists it and asks for it: why a pool sells nothing is said wherever it is met."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.serving import Answer, Asked, served

POOL: dict[str, Any] = {
    "slug": "gpu",
    "name": "GPUs",
    "is_open": False,
    "closed_reason": "The power is \x1b[31munsteady",
    "units": 8,
    "unit": {"cpus": 4, "memory_mib": 1024, "gpus": 1},
    "slot_seconds": 60,
    "horizon_slots": 1_440,
    "floor_price": "0.01",
    "list_price": "0.02",
    "ceiling_price": "0.1",
}
REFUSED = {"status": 409, "code": "pool_closed", "detail": "The pool gpu is closed for sale: The power is unsteady"}


def answered(asked: Asked) -> Answer:
    if asked.path.startswith("/api/v1/quotes"):
        return Answer(409, json.dumps(REFUSED).encode(), {"Content-Type": "application/problem+json"})
    opened = {**POOL, "slug": "cpu", "name": "CPUs", "is_open": True, "closed_reason": ""}
    silent = {name: value for name, value in POOL.items() if name != "closed_reason"} | {"slug": "old"}
    return Answer(body=json.dumps({"results": [POOL, opened, silent], "next": None}).encode())


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> Any:
    with served(answered) as server:
        monkeypatch.setenv("ERA_URL", server.url)
        monkeypatch.setenv("ERA_TOKEN", "token")
        yield


def test_the_list_says_which_pool_is_closed_and_why(run: Run) -> None:
    told = run("pools")
    assert told.code == 0
    assert "GPUs (closed)" in told.out
    assert told.err == "Note: gpu is closed for sale: The power is \ufffd[31munsteady\n", "nobody steers the terminal"
    assert run("pools", "--json").json[0]["closed_reason"] == POOL["closed_reason"]


def test_whoever_asks_for_a_price_there_is_told_why(run: Run) -> None:
    told = run("quote", "--pool=gpu", "--units=1", "--duration=1m", "--deadline=+1h", "--value=1")
    assert told.code != 0
    assert "closed for sale: The power is unsteady" in told.err
