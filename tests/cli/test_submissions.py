"""Submissions that get no answer are kept, and sent again just as they were."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from era_client import submissions
from era_client.errors import InsufficientFunds, LocalError, NetworkError, UsageError
from era_client.jobs import Jobs
from era_client.models import Limits
from era_client.submissions import Submission
from tests.cli.serving import Answer, Served, one_after_the_other, served

pytestmark = pytest.mark.usefixtures("at_once")

BODY = {"name": "hello", "pool": "local", "units": [2, 1], "command": ["true"]}
JOB = Answer(
    201,
    b"""{"id": "1", "name": "hello", "state": "reserved", "reason": "", "pool": "local", "units": 1, "duration": 60,
    "deadline": "2030-01-01T00:00:00Z", "value": "1", "price": "0.5", "paid": null, "start": "2030-01-01T00:00:00Z",
    "end": "2030-01-01T00:01:00Z", "submitted_at": "2029-01-01T00:00:00Z", "submitted_by": "demo@example.com",
    "started_at": null, "finished_at": null, "exit_code": null, "attempt": 0, "something": "new"}""",
)


@pytest.fixture
def begun(tmp_path: Path) -> Submission:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("print(1)")
    return submissions.begin(BODY, tmp_path / "code", Limits, key="era-1")[0]


@pytest.fixture
def silent() -> Iterator[Served]:
    with served(one_after_the_other(Answer(cut=0))) as server:
        yield server


def jobs(server: Served) -> Jobs:
    return Jobs(server.connection(), Limits)


def test_each_attempt_sends_the_same_key_and_the_same_bytes(begun: Submission) -> None:
    with served(one_after_the_other(Answer(cut=0), Answer(503), JOB)) as server:
        assert begun.send(jobs(server)).id == "1"
        assert {asked.headers["Idempotency-Key"] for asked in server.asked} == {"era-1"}
        assert len({asked.body.replace(_boundary(asked.headers), b"") for asked in server.asked}) == 1
        assert b'name="units"\r\n\r\n[2, 1]\r\n' in server.asked[0].body


def _boundary(headers: dict[str, str]) -> bytes:
    return headers["Content-Type"].partition("boundary=")[2].encode()


def test_one_without_an_answer_is_kept_and_says_how_to_ask_again(begun: Submission, silent: Served) -> None:
    with pytest.raises(NetworkError) as caught:
        begun.send(jobs(silent))
    assert "era submit --again era-1" in caught.value.hint
    again = submissions.find("era-1")
    assert again == begun
    with served(one_after_the_other(JOB)) as server:
        again.send(jobs(server))
        first, last = silent.asked[0], server.asked[0]
        assert first.body.replace(_boundary(first.headers), b"") == last.body.replace(_boundary(last.headers), b"")


def test_an_answer_is_the_end_of_it_also_when_it_is_no(begun: Submission) -> None:
    with served(one_after_the_other(Answer(402, b'{"detail": "Too little."}'))) as server:
        with pytest.raises(InsufficientFunds):
            begun.send(jobs(server))
        assert len(server.asked) == 1
    with pytest.raises(UsageError, match="there are: none"):
        submissions.find("era-1")
    assert not begun.folder.exists()


def test_what_is_kept_is_its_owners_alone(begun: Submission, home: Path) -> None:
    for folder in (begun.folder, begun.folder.parent, home / "state"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_cannot_be_packed_leaves_nothing(tmp_path: Path, home: Path) -> None:
    with pytest.raises(LocalError, match="no folder or archive"):
        submissions.begin(BODY, tmp_path / "nothing", Limits, key="era-2")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LocalError, match="has no files"):
        submissions.begin(BODY, tmp_path / "empty", Limits, key="era-2")
    assert list((home / "state" / "submissions").iterdir()) == []


@pytest.mark.parametrize("key", ["../x", "a/b", ".hidden", "a b", "a\\b", "\0"])
def test_a_key_that_is_no_name_for_a_folder_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="is not a key"):
        submissions.begin(BODY, None, Limits, key=key)
    with pytest.raises(UsageError):
        submissions.find(key)
