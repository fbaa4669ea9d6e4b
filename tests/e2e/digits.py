"""The main job, end to end, through the API, as README tells it: the same story on each engine."""

import csv
import io
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from era_platform.common.money import MICRO, parse_credits
from tests.e2e.following import Followed, follow, wait_for, wait_until_settled
from tests.platform import PROJECT, Platform, database, in_future

LATE = 30.0  # seconds; how late is measured in benchmarks/, this only tells late from never


class DigitsStory:
    """Needs the fixtures `platform`, with a pool `quick`, and `image`, with Python and the packages of the examples."""

    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, platform: Platform) -> httpx.Client:
        return platform.client()

    @pytest.fixture(scope="class")
    @classmethod
    def submitted(cls, client: httpx.Client, image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        """The answer to the digits job, whose code comes as a tar.gz."""
        archive: Path = tmp_path_factory.mktemp("code") / "digits.tar.gz"
        subprocess.run(["tar", "-czf", archive, "-C", str(PROJECT / "examples" / "digits"), "."], check=True)
        fields = {
            "pool": "quick",
            "name": "digits",
            "image": image,
            "command": "python train.py --epochs 12",
            "units": "4",
            "duration": "40",
            "deadline": in_future(minutes=10),
            "value": "10",
        }
        with archive.open("rb") as code:
            answer = client.post("jobs", data=fields, files={"code": ("digits.tar.gz", code)})
        assert answer.status_code == 201, answer.text
        return answer.json()

    @pytest.fixture(scope="class")
    @classmethod
    def followed(cls, platform: Platform, client: httpx.Client, submitted: dict[str, Any]) -> Followed:
        return follow(platform, client, submitted["id"])

    @pytest.fixture(scope="class")
    @classmethod
    def ended(cls, client: httpx.Client, submitted: dict[str, Any], followed: Followed) -> dict[str, Any]:
        return wait_for(client, submitted["id"], "succeeded")

    def test_it_is_reserved_at_once_with_a_price_and_a_start(self, submitted: dict[str, Any]) -> None:
        assert submitted["state"] == "reserved"
        assert parse_credits(submitted["price"]) > 0
        assert submitted["start"] < submitted["end"]

    def test_it_starts_in_its_slot_and_succeeds(self, ended: dict[str, Any]) -> None:
        assert ended["exit_code"] == 0
        late = datetime.fromisoformat(ended["started_at"]) - datetime.fromisoformat(ended["start"])
        assert 0 <= late.total_seconds() < LATE

    def test_its_log_comes_whole_over_the_websocket(
        self, client: httpx.Client, ended: dict[str, Any], followed: Followed
    ) -> None:
        stored = client.get(f"jobs/{ended['id']}/logs")
        assert followed.data == stored.content
        assert followed.end == len(stored.content) == int(stored.headers["X-Next-Offset"])
        assert b"\repoch  12/12 loss" in followed.data
        assert len(followed.parts) > 5  # it came while the job ran, not at its end

    def test_its_outputs_download_byte_for_byte(
        self, platform: Platform, client: httpx.Client, ended: dict[str, Any]
    ) -> None:
        listed = {entry["path"]: entry["size"] for entry in client.get(f"jobs/{ended['id']}/outputs").json()["results"]}
        assert set(listed) == {"weights.npz", "metrics.csv", "loss.png"}
        for path, size in listed.items():
            there = (platform.folder / "storage" / "jobs" / ended["id"] / "outputs" / "1" / path).read_bytes()
            came = client.get(f"jobs/{ended['id']}/outputs/{path}")
            assert came.content == there
            assert len(there) == size
            part = client.get(f"jobs/{ended['id']}/outputs/{path}", headers={"Range": "bytes=10-29"})
            assert (part.status_code, part.content) == (206, there[10:30])

    def test_it_has_learned_to_read(self, client: httpx.Client, ended: dict[str, Any]) -> None:
        metrics = client.get(f"jobs/{ended['id']}/outputs/metrics.csv").text
        rows = list(csv.DictReader(io.StringIO(metrics)))
        assert len(rows) == 12
        assert float(rows[-1]["accuracy"]) >= 0.95

    def test_wallet_and_ledger_agree_with_the_price(
        self, platform: Platform, client: httpx.Client, ended: dict[str, Any]
    ) -> None:
        settled = wait_until_settled(client, ended["id"])
        price, paid = parse_credits(settled["price"]), parse_credits(settled["paid"])
        assert price / 2 < paid <= price, "half of the slots that it left unused came back"
        wallet = client.get("wallet").json()
        assert parse_credits(wallet["held"]) == 0
        assert parse_credits(wallet["balance"]) == 1_000 * MICRO - paid
        kinds = [transfer["kind"] for transfer in client.get("wallet/transfers").json()["results"]]
        assert sorted(kinds) == ["capture", "hold", *(["release"] if paid < price else []), "top_up"]
        with database(platform) as rows:
            assert rows("SELECT sum(balance) AS sum FROM accounts_ledgeraccount")[0]["sum"] == 0

    def test_a_reader_that_reconnects_misses_nothing_and_reads_nothing_twice(
        self, platform: Platform, client: httpx.Client, ended: dict[str, Any], followed: Followed
    ) -> None:
        first = follow(platform, client, ended["id"], until=100)
        rest = follow(platform, client, ended["id"], offset=len(first.data))
        assert first.data + rest.data == followed.data
