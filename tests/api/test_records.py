"""What a job leaves behind: events, samples, its log from any byte on, its outputs whole or in parts."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope

from era_platform.common import clock, storage
from jobs.models import Attempt, Job, Sample
from tests.api.conftest import MakeBody
from tests.factories import Tenant

pytestmark = [
    pytest.mark.usefixtures("theirs"),
    # The tests' client is synchronous, the server is not: it sends files in asynchronous pieces.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]
Address = Callable[..., str]


@pytest.fixture
def job(pool: Any, ours: Tenant, a_body: MakeBody) -> Job:
    answer = ours.api().post("/api/v1/jobs", a_body(), content_type="application/json").json()
    with scope(organization=ours.organization):
        return Job.objects.get(pk=answer["id"])


@pytest.fixture
def address(job: Job) -> Address:
    return lambda path: f"/api/v1/jobs/{job.pk}/{path}"


@pytest.fixture
def output(job: Job) -> Path:
    folder = storage.output_folder(job.pk, 1)
    folder.mkdir(parents=True)
    return folder


def write_log(tenant: Tenant, job: Job, number: int, content: bytes, *, ended: bool = True) -> None:
    folder = storage.attempt_folder(job.pk, number)
    folder.mkdir(parents=True)
    (folder / "log").write_bytes(content)
    ended_at = clock.now() if ended else None
    with scope(organization=tenant.organization):
        Attempt.objects.create(
            organization=tenant.organization,
            job=job,
            number=number,
            engine="process",
            instance=f"era-{number}",
            ended_at=ended_at,
            log_size=len(content),
        )


def test_events_tell_what_happened_in_order(ours: Tenant, address: Address) -> None:
    ours.api().post(address("cancel"))
    events = ours.api("viewer").get(address("events")).json()["results"]
    assert [event["state"] for event in events if event["kind"] == "state"] == ["reserved", "cancelled"]
    assert all(event["request_id"] for event in events)


def test_samples_tell_what_was_used(ours: Tenant, job: Job, address: Address) -> None:
    with scope(organization=ours.organization):
        sample = {"at": clock.now(), "attempt": 1, "cpu_seconds": 1.5, "memory_bytes": 2**40}
        Sample.objects.create(organization=ours.organization, job=job, **sample)
    (found,) = ours.api("viewer").get(address("samples")).json()["results"]
    assert (found["cpu_seconds"], found["memory_bytes"]) == (1.5, 2**40)


def test_a_log_that_is_not_there_yet_is_empty(ours: Tenant, address: Address) -> None:
    response = ours.api().get(address("logs"))
    assert (response.status_code, response.content) == (200, b"")
    assert (response["X-Next-Offset"], response["X-Log-Complete"]) == ("0", "false")


def test_a_log_can_be_read_piece_by_piece(ours: Tenant, job: Job, address: Address) -> None:
    content = "first ä\rsecond\n".encode() + bytes(range(256))
    write_log(ours, job, 1, content)
    client, offset, read = ours.api("viewer"), 0, b""
    while piece := client.get(address("logs"), {"offset": offset, "limit": 7}):
        if not piece.content:
            break
        read += piece.content
        offset = int(piece["X-Next-Offset"])
    assert read == content


def test_a_log_is_that_of_all_attempts(ours: Tenant, job: Job, address: Address) -> None:
    write_log(ours, job, 1, b"first ")
    write_log(ours, job, 2, b"second")
    pieces = [ours.api().get(address("logs"), {"offset": offset}).content for offset in (0, 6)]
    assert b"".join(pieces) == b"first second"


def test_a_log_is_text_to_whoever_shows_it(ours: Tenant, job: Job, address: Address) -> None:
    write_log(ours, job, 1, b"<script>")
    response = ours.api().get(address("logs"))
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_log_is_complete_when_the_job_is_over_and_all_is_read(ours: Tenant, job: Job, address: Address) -> None:
    write_log(ours, job, 1, b"all")
    with scope(organization=ours.organization):
        Job.objects.filter(pk=job.pk).update(state="succeeded")
    complete = [ours.api().get(address("logs"), {"limit": limit})["X-Log-Complete"] for limit in (1, 3)]
    assert complete == ["false", "true"]


def test_a_log_is_not_complete_while_its_instance_may_write(ours: Tenant, job: Job, address: Address) -> None:
    write_log(ours, job, 1, b"all", ended=False)
    with scope(organization=ours.organization):
        Job.objects.filter(pk=job.pk).update(state="cancelled")
    assert ours.api().get(address("logs"))["X-Log-Complete"] == "false"


def test_an_offset_beyond_the_log_is_a_416(ours: Tenant, job: Job, address: Address) -> None:
    write_log(ours, job, 1, b"all")
    response = ours.api().get(address("logs"), {"offset": 4})
    assert (response.status_code, response.json()["size"]) == (416, 3)


@pytest.mark.parametrize("offset", ["-1", "x", str(2**70), "", "1.5", "\0"])
def test_an_offset_that_is_none_is_refused(ours: Tenant, address: Address, offset: str) -> None:
    response = ours.api().get(address("logs"), {"offset": offset})
    assert (response.status_code, response.json()["field"]) == (400, "offset")


def test_outputs_are_listed_by_path(ours: Tenant, output: Path, address: Address) -> None:
    (output / "b.txt").write_bytes(b"12")
    (output / "a").mkdir()
    (output / "a" / "ö.bin").write_bytes(b"1")
    listing = ours.api("viewer").get(address("outputs")).json()
    assert [(file["path"], file["size"]) for file in listing["results"]] == [("a/ö.bin", 1), ("b.txt", 2)]
    assert listing["results"][0]["modified"].endswith("Z")
    assert listing["next"] is None


def test_a_job_without_outputs_lists_none(ours: Tenant, address: Address) -> None:
    assert ours.api().get(address("outputs")).json()["results"] == []


def test_a_file_comes_byte_for_byte(ours: Tenant, output: Path, address: Address) -> None:
    content = os.urandom(3 * 1024 * 1024 + 1)
    (output / "weights.bin").write_bytes(content)
    response = ours.api("viewer").get(address("outputs/weights.bin"))
    assert b"".join(response) == content
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Disposition"] == 'attachment; filename="weights.bin"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_files_name_may_be_anything(ours: Tenant, output: Path, address: Address) -> None:
    (output / 'a "b"\n.html').write_bytes(b"<script>")
    response = ours.api().get(address("outputs/a%20%22b%22%0A.html"))
    assert response.status_code == 200
    assert "\n" not in response["Content-Disposition"]
    assert response["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("asked", "content", "told"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("Bytes=9-9", b"9", "bytes 9-9/10"),
    ],
)
def test_a_range_gives_a_part(
    ours: Tenant, output: Path, address: Address, asked: str, content: bytes, told: str
) -> None:
    (output / "digits").write_bytes(b"0123456789")
    response = ours.api().get(address("outputs/digits"), headers={"Range": asked})
    assert (response.status_code, b"".join(response)) == (206, content)
    assert (response["Content-Range"], response["Content-Length"]) == (told, str(len(content)))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_beyond_the_end_is_a_416(ours: Tenant, output: Path, address: Address, asked: str) -> None:
    (output / "digits").write_bytes(b"0123456789")
    response = ours.api().get(address("outputs/digits"), headers={"Range": asked})
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */10")
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "0-1"])
def test_what_is_not_one_range_gets_the_whole_file(ours: Tenant, output: Path, address: Address, asked: str) -> None:
    (output / "digits").write_bytes(b"0123456789")
    response = ours.api().get(address("outputs/digits"), headers={"Range": asked})
    assert (response.status_code, b"".join(response)) == (200, b"0123456789")


def test_a_download_goes_on_only_in_the_same_version_of_the_file(ours: Tenant, output: Path, address: Address) -> None:
    client, url = ours.api(), address("outputs/digits")
    (output / "digits").write_bytes(b"0123456789")
    etag = client.get(url)["ETag"]
    same = b"".join(client.get(url, headers={"Range": "bytes=5-", "If-Range": etag}))
    (output / "digits").write_bytes(b"9876543210!")
    changed = b"".join(client.get(url, headers={"Range": "bytes=5-", "If-Range": etag}))
    assert (same, changed) == (b"56789", b"9876543210!")


def test_a_file_that_one_has_is_not_sent_again(ours: Tenant, output: Path, address: Address) -> None:
    client, url = ours.api(), address("outputs/digits")
    (output / "digits").write_bytes(b"0123456789")
    response = client.get(url, headers={"If-None-Match": client.get(url)["ETag"]})
    assert (response.status_code, response.content) == (304, b"")


def test_head_tells_of_a_file_without_sending_it(ours: Tenant, output: Path, address: Address) -> None:
    (output / "digits").write_bytes(b"0123456789")
    response = ours.api().head(address("outputs/digits"), headers={"Range": "bytes=0-1"})
    assert (response.status_code, response["Content-Length"], response.content) == (200, "10", b"")


def test_an_empty_file_comes_empty(ours: Tenant, output: Path, address: Address) -> None:
    (output / "empty").touch()
    response = ours.api().get(address("outputs/empty"))
    assert (response.status_code, b"".join(response)) == (200, b"")


@pytest.mark.parametrize(
    "path", ["nothing", "..%2Fcode", "%2e%2e/%2e%2e/secret", "link", "folder", "a%00b", "folder/..%2f..%2fsecret"]
)
def test_nothing_but_files_of_the_job_is_given(ours: Tenant, output: Path, address: Address, path: str) -> None:
    (output.parent / "secret").write_bytes(b"secret")
    (output / "folder").mkdir()
    (output / "link").symlink_to(output.parent / "secret")
    response = ours.api().get(address(f"outputs/{path}"))
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
