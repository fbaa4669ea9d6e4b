"""The client's engine against the server: what is sent arrives, what is asked for comes, byte for byte."""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from datasets import store
from datasets.services import uploads
from era_client import transfer
from era_client.transfer import LocalFile, Progress, Report, Server, TransferError
from era_platform.embedded.ports import free_port
from tests.datasets.ways import a_draft, content_of, digest_of, published
from tests.factories import Tenant

MANY = {f"folder{n % 7}/file {n}.bin": random.Random(n).randbytes(n * 37 % 5000) for n in range(400)}
LARGE = {"large.bin": random.Random(1).randbytes(3_000_001), "middle/é.bin": random.Random(2).randbytes(600_000)}


def written(folder: Path, contents: Mapping[str, bytes]) -> list[LocalFile]:
    files = []
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        files.append(LocalFile(path, folder / path, len(content)))
    return files


def upload(server: Server, draft: object, files: list[LocalFile]) -> Report:
    return asyncio.run(transfer.upload(server, str(draft), files, patience=20))


def download(server: Server, reference: str, folder: Path, **which: object) -> Report:
    return asyncio.run(transfer.download(server, reference, folder, patience=20, **which))  # type: ignore[arg-type]


def contents_of(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def server(portal: str, ours: Tenant) -> Server:
    return Server(portal, ours.token())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder to download into."""
    return tmp_path / "here"


def test_small_and_large_files_arrive_as_they_are(server: Server, ours: Tenant, tmp_path: Path) -> None:
    contents = {**MANY, **LARGE, "empty": b""}
    draft = a_draft(ours)
    report = upload(server, draft.pk, written(tmp_path / "here", contents))
    assert content_of(draft) == contents
    assert (report.files, report.failures, report.breaks) == (len(contents), (), 0)
    assert report.bytes == report.sent == sum(map(len, contents.values()))
    assert report.digests == {path: digest_of(content) for path, content in contents.items()}


def test_a_version_comes_back_as_it_is(server: Server, ours: Tenant, tmp_path: Path) -> None:
    contents = {**MANY, **LARGE, "empty": b""}
    published(ours, contents=contents)
    report = download(server, "ours/digits", tmp_path / "there")
    assert contents_of(tmp_path / "there") == contents
    assert (report.files, report.failures) == (len(contents), ())


def test_what_is_there_already_does_not_come_again(server: Server, ours: Tenant, here: Path) -> None:
    published(ours, contents={**LARGE, "same": b"same", "other": b"right"})
    written(here, {"same": b"same", "other": b"wrong", "large.bin.era-part": LARGE["large.bin"][:2_000_000]})
    report = download(server, "ours/digits", here)
    assert contents_of(here) == {**LARGE, "same": b"same", "other": b"right"}
    assert report.files == 4
    assert report.sent == 1_000_001 + 600_000 + len(b"right"), "the rest of the part, what was not there, what differed"


def test_a_part_of_something_else_is_thrown_away(server: Server, ours: Tenant, here: Path) -> None:
    published(ours, contents=LARGE)
    written(here, {"large.bin.era-part": bytes(2_000_000), "middle/é.bin.era-part": bytes(9_000_000)})
    report = download(server, "ours/digits", here)
    assert contents_of(here) == LARGE
    assert report.failures == ()


def test_a_file_that_can_not_be_read_is_told_and_the_others_are_sent(
    server: Server, ours: Tenant, tmp_path: Path
) -> None:
    draft = a_draft(ours)
    files = written(tmp_path, {"small": b"1", "grew": b"22", "gone": b"3", **LARGE})
    (tmp_path / "grew").write_bytes(b"longer than it was")
    (tmp_path / "gone").unlink()
    (tmp_path / "large.bin").write_bytes(b"shorter than it was")
    report = upload(server, draft.pk, files)
    codes = {failure.path: failure.code for failure in report.failures}
    assert codes == {"grew": "changed", "gone": "unreadable", "large.bin": "changed"}
    assert set(content_of(draft)) == {"small", "middle/é.bin"}


def test_what_the_server_has_of_another_file_is_sent_anew(server: Server, ours: Tenant, tmp_path: Path) -> None:
    draft = a_draft(ours)
    [file] = written(tmp_path, {"large.bin": LARGE["large.bin"]})
    begun = uploads.open(actor=ours.member, version=draft, path=file.path, size=file.size)
    store.part_path(ours.organization.pk, begun.pk).write_bytes(bytes(2_000_000))
    report = upload(server, draft.pk, [file])
    assert content_of(draft) == {"large.bin": LARGE["large.bin"]}
    assert report.sent == 1_000_001 + 3_000_001, "its rest, for the hash showed it; and then all of it"


def test_a_place_where_nothing_can_be_written_is_told(server: Server, ours: Tenant, tmp_path: Path) -> None:
    published(ours, contents={"a/b": b"1", "c": b"2"})
    (tmp_path / "a").write_text("a file where a folder should be")
    report = download(server, "ours/digits", tmp_path)
    assert [(failure.path, failure.code) for failure in report.failures] == [("a/b", "unwritable")]
    assert (tmp_path / "c").read_bytes() == b"2"


def code_of(work: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(TransferError) as error:
        asyncio.run(work)
    assert error.value.detail
    return str(error.value.code)


def test_what_makes_no_sense_to_try_again_is_not(
    server: Server, ours: Tenant, settings: Settings, tmp_path: Path
) -> None:
    draft = a_draft(ours)
    files = written(tmp_path / "here", {"small": b"123", **LARGE})
    stranger, viewer = Server(server.url, "era_nothing"), Server(server.url, ours.token("viewer"))
    assert code_of(transfer.upload(stranger, str(draft.pk), files)) == "unauthenticated"
    assert code_of(transfer.upload(viewer, str(draft.pk), files)) == "forbidden"
    assert code_of(transfer.upload(server, "00000000-0000-0000-0000-000000000000", files)) == "not_found"
    assert code_of(transfer.listing(server, "ours/nothing")) == "not_found"
    settings.ERA_DATASET_QUOTA_BYTES = 2
    assert code_of(transfer.upload(server, str(draft.pk), files)) == "quota_exceeded"


def test_a_portal_that_is_away_is_waited_for_as_long_as_patience_lasts(tmp_path: Path) -> None:
    nobody = Server(f"http://127.0.0.1:{free_port()}", "token")
    assert code_of(transfer.listing(nobody, "ours/digits", patience=0.2)) == "network"


def test_progress_is_told_and_ends_at_the_whole(server: Server, ours: Tenant, tmp_path: Path) -> None:
    files, seen = written(tmp_path, {**MANY, **LARGE}), list[tuple[int, int, int]]()

    def note(progress: Progress) -> None:
        seen.append((progress.files_done, progress.bytes_done, progress.bytes))

    asyncio.run(transfer.upload(server, str(a_draft(ours).pk), files, on_progress=note))
    size = sum(file.size for file in files)
    assert seen[-1] == (len(files), size, size)
    assert all(earlier[1] <= later[1] for earlier, later in pairwise(seen))
