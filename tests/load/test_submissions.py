"""Many clients at once: the promise is never broken, the ledger balances, and every price can be found again."""

import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from era_platform.common.money import MICRO, parse_credits
from pricing.domain import Ask, Window, window
from pricing.kernel import reference
from tests.platform import Platform, a_request, database, in_future, running_platform

SUBMISSIONS, CLIENTS, WEB_PROCESSES, ROOM = 400, 16, 4, 150
SLOTS, UNITS = 50, 3  # 150 jobs of one unit and slot fill it
FLOOR = 10_000  # what `create_pool` takes as the floor price

pytestmark = pytest.mark.load


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("crowded")
    with running_platform(folder, ERA_WEB_WORKERS=str(WEB_PROCESSES)) as platform:
        platform.manage("create_pool", "small", f"--units={UNITS}", "--slot-seconds=3600", f"--horizon-slots={SLOTS}")
        yield platform, submit_all(platform)


def submit_all(platform: Platform) -> list[httpx.Response]:
    """400 different requests, shared out to 16 clients that all begin together."""
    dice = random.Random(11)
    requests = [a_random_request(dice, number) for number in range(SUBMISSIONS)]
    answers: list[httpx.Response] = []
    together = threading.Barrier(CLIENTS)
    headers = platform.client().headers

    def send(mine: list[dict[str, Any]]) -> None:
        with httpx.Client(base_url=f"{platform.url}/api/v1/", headers=headers, timeout=60) as client:
            together.wait()
            answers.extend(client.post("jobs", json=request) for request in mine)

    clients = [threading.Thread(target=send, args=(requests[n::CLIENTS],)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return answers


def a_random_request(dice: random.Random, number: int) -> dict[str, Any]:
    return a_request(
        pool="small",
        name=f"job {number}",
        units=dice.choice([1, 1, 1, 2]),
        duration=3600 * dice.choice([1, 1, 2]),
        deadline=in_future(hours=dice.choice([12, 30, SLOTS + 2])),
        value=str(dice.choice(["0.02", "0.1", "1"])),
    )


def test_every_submission_is_answered_for_good(crowded: tuple[Platform, list[httpx.Response]]) -> None:
    _, answers = crowded
    assert Counter(answer.status_code for answer in answers) == {201: SUBMISSIONS}
    states = Counter(answer.json()["state"] for answer in answers)
    assert states["reserved"] + states["rejected"] == SUBMISSIONS
    assert 40 <= states["reserved"] <= ROOM


def test_promised_never_exceeds_capacity(crowded: tuple[Platform, list[httpx.Response]]) -> None:
    platform, _ = crowded
    promised: Counter[int] = Counter()
    for entry in book_entries(platform):
        if entry["kind"] == "reserve":
            promised.update(dict.fromkeys(range(entry["start_slot"], entry["end_slot"]), entry["units"]))
    assert promised
    assert max(promised.values()) <= UNITS


def test_numbers_of_the_book_have_no_gaps(crowded: tuple[Platform, list[httpx.Response]]) -> None:
    numbers = [entry["number"] for entry in book_entries(crowded[0])]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_ledger_balances_and_holds_exactly_the_prices(crowded: tuple[Platform, list[httpx.Response]]) -> None:
    platform, answers = crowded
    reserved = [answer.json() for answer in answers if answer.json()["state"] == "reserved"]
    held = sum(parse_credits(job["price"]) for job in reserved)
    with database(platform) as rows:
        assert rows("SELECT sum(balance) AS sum FROM accounts_ledgeraccount")[0]["sum"] == 0
        assert rows("SELECT sum(amount) AS sum FROM accounts_hold")[0]["sum"] == held
    wallet = platform.client().get("wallet").json()
    assert parse_credits(wallet["held"]) == held
    assert parse_credits(wallet["available"]) == 1_000 * MICRO - held


def test_replaying_the_book_one_by_one_gives_every_answer_again(
    crowded: tuple[Platform, list[httpx.Response]],
) -> None:
    """By the literal specification, from the requests alone, in the order of the book."""
    platform, answers = crowded
    entries = {entry["reference"]: entry for entry in book_entries(platform) if entry["reference"]}
    with database(platform) as rows:
        [forecast] = rows(
            "SELECT curves FROM pricing_forecast f JOIN pricing_pool p ON p.id = f.pool_id WHERE p.slug = 'small'"
        )
        jobs = rows("SELECT * FROM jobs_job ORDER BY book_number")
    assert len(jobs) == len(answers)
    curve = [(price, units) for price, units in forecast["curves"][0]]
    # A refusal at number N saw the same book as the reservation that became N + 1.
    for job in jobs:
        seen = [entry for entry in entries.values() if entry["number"] <= job["book_number"]]
        wanted = window_of(job)
        promised: Counter[int] = Counter()
        for entry in seen:
            promised.update(dict.fromkeys(range(entry["start_slot"], entry["end_slot"]), entry["units"]))
        end = min(wanted.end, wanted.horizon)
        slots = {t: reference.Slot(UNITS, promised[t], curve) for t in range(wanted.start, end)}
        offer = reference.decide(slots, FLOOR, job["units"], wanted.slots, wanted.start, end)
        assert (offer.total if offer else None) == job["price"]
        assert reference.accepts(offer, job["value"]) == (job["state"] == "reserved")
        if job["state"] == "reserved":
            assert offer is not None
            assert offer.start == job["start_slot"]


def window_of(job: dict[str, Any]) -> Window:
    ask = Ask(job["units"], job["duration"], job["deadline"], job["earliest"], job["value"])
    return window(ask, slot_seconds=3600, horizon_slots=SLOTS, now=job["decided_at"])


def book_entries(platform: Platform) -> list[dict[str, Any]]:
    with database(platform) as rows:
        return rows(
            "SELECT e.* FROM pricing_bookentry e JOIN pricing_pool p ON p.id = e.pool_id"
            " WHERE p.slug = 'small' ORDER BY number"
        )
