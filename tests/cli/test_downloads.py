"""Files that come over connections that break: gone on with, and whole or not there."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from era_client.downloads import fetch
from era_client.errors import DamagedTransfer, LocalError, NetworkError, NotFound
from tests.cli.serving import Answer, Asked, served

CONTENT = bytes(range(256)) * 4096
ETAG = '"1a-2b"'

pytestmark = pytest.mark.usefixtures("at_once")


def file_server(content: bytes = CONTENT, etag: str = ETAG, cuts: list[int] | None = None) -> Callable[[Asked], Answer]:
    """Serves `content` as the platform does, breaking off after each of `cuts` bytes."""
    left = list(cuts or ())

    def give(asked: Asked) -> Answer:
        cut = left.pop(0) if left else None
        found = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("Range", ""))
        if found and asked.headers.get("If-Range") == etag:
            start = int(found.group(1))
            if start >= len(content):
                return Answer(416, b"", {"ETag": etag})
            return Answer(206, content[start:], {"ETag": etag}, cut)
        return Answer(200, content, {"ETag": etag}, cut)

    return give


def test_a_file_comes_whole(tmp_path: Path) -> None:
    with served(file_server()) as server:
        fetch(server.connection(), "x", tmp_path / "a" / "x.bin", size=len(CONTENT))
    assert (tmp_path / "a" / "x.bin").read_bytes() == CONTENT
    assert [one.name for one in (tmp_path / "a").iterdir()] == ["x.bin"]


def test_after_each_break_only_the_rest_is_asked_for(tmp_path: Path) -> None:
    seen: list[int] = []
    with served(file_server(cuts=[300_000, 0, 200_000, 1])) as server:
        fetch(server.connection(), "x", tmp_path / "x.bin", size=len(CONTENT), progress=seen.append)
        starts = [asked.headers.get("Range") for asked in server.asked]
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert starts[0] is None
    assert all(starts[1:])
    assert seen[-1] == len(CONTENT)


def test_what_broke_off_for_good_is_gone_on_with_the_next_time(tmp_path: Path) -> None:
    target = tmp_path / "x.bin"
    with served(file_server(cuts=[400_000, *[0] * 9])) as server:
        with pytest.raises(NetworkError):
            fetch(server.connection(attempts=3), "x", target)
        assert not target.exists()
    with served(file_server()) as server:
        fetch(server.connection(), "x", target)
        assert server.asked[0].headers["Range"] == "bytes=400000-"
    assert target.read_bytes() == CONTENT


def test_a_file_that_has_changed_in_between_comes_from_its_beginning(tmp_path: Path) -> None:
    target = tmp_path / "x.bin"
    with served(file_server(cuts=[400_000, 0])) as server, pytest.raises(NetworkError):
        fetch(server.connection(attempts=1), "x", target)
    with served(file_server(b"new", '"3c"')) as server:
        fetch(server.connection(), "x", target, size=3)
    assert target.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["x.bin"]


def test_one_that_lacked_only_its_last_step_is_finished(tmp_path: Path) -> None:
    (tmp_path / "x.bin.1a-2b.era-part").write_bytes(CONTENT)
    with served(file_server()) as server:
        fetch(server.connection(), "x", tmp_path / "x.bin", size=len(CONTENT))
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("known", [{"size": 5}, {"sha256": hashlib.sha256(b"other").hexdigest()}])
def test_what_is_not_what_was_announced_does_not_take_its_place(tmp_path: Path, known: dict[str, object]) -> None:
    (tmp_path / "x.bin").write_bytes(b"before")
    with served(file_server()) as server, pytest.raises(DamagedTransfer):
        fetch(server.connection(), "x", tmp_path / "x.bin", **known)  # type: ignore[arg-type]
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("x.bin", b"before")]


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    with served(file_server(b"")) as server:
        fetch(server.connection(), "x", tmp_path / "x.bin", size=0)
    assert (tmp_path / "x.bin").read_bytes() == b""


def test_what_is_not_there_is_not_asked_for_again(tmp_path: Path) -> None:
    with served(lambda _asked: Answer(404)) as server:
        with pytest.raises(NotFound):
            fetch(server.connection(), "x", tmp_path / "x.bin")
        assert len(server.asked) == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with served(file_server()) as server, pytest.raises(LocalError, match="can't be written"):
        fetch(server.connection(), "x", tmp_path / "file" / "x.bin")
