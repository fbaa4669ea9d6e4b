"""Behind a deployment's proxy: who may read is the portal's to say, and the proxy sends the bytes."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pytest_django.fixtures import Settings

from era_client import transfer
from era_client.transfer import Server
from era_platform.common import storage as places
from jobs.models import Job
from tests.datasets.transfer.proxying import proxied
from tests.datasets.ways import digest_of, published
from tests.factories import Tenant, a_pool
from tests.jobs.ways import reserved

pytestmark = [pytest.mark.proxy, pytest.mark.django_db(transaction=True)]
CONTENT = random.Random(6).randbytes(3_000_000)
FILE = "/api/v1/datasets/ours/digits/versions/1/files/a%20%22b%22/%C3%A9%25.bin"


@pytest.fixture
def proxy(portal: str, settings: Settings, storage: Path, tmp_path: Path) -> Iterator[str]:
    settings.ERA_ACCEL_PREFIX = "/_storage/"
    storage.mkdir(exist_ok=True)
    with proxied(portal, storage, tmp_path / "nginx") as url:
        yield url


def get(tenant: Tenant, url: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(url, headers={"Authorization": f"Bearer {tenant.token('viewer')}", **named}, timeout=60)


def test_a_file_of_a_dataset_is_sent_as_the_portal_itself_sends_it(
    proxy: str, portal: str, ours: Tenant, theirs: Tenant, settings: Settings
) -> None:
    published(ours, contents={'a "b"/é%.bin': CONTENT})
    url = proxy + FILE
    whole = get(ours, url)
    assert (whole.status_code, digest_of(whole.content)) == (200, digest_of(CONTENT))
    part = get(ours, url, Range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(CONTENT)}"
    etag = whole.headers["ETag"]
    assert etag == f'"{digest_of(CONTENT)}"'
    assert get(ours, url, If_None_Match=etag).status_code == 304
    gone_on_with = get(ours, url, Range="bytes=2999999-", If_Range=etag)
    assert (gone_on_with.status_code, gone_on_with.content) == (206, CONTENT[-1:])
    assert get(ours, url, Range="bytes=2999999-", If_Range='"other"').status_code == 200
    assert get(ours, url, Range="bytes=3000000-").status_code == 416
    assert get(theirs, url).status_code == 404
    assert "X-Accel-Redirect" not in whole.headers
    settings.ERA_ACCEL_PREFIX = ""
    by_portal = get(ours, portal + FILE)
    for name in ("ETag", "Content-Type", "Content-Disposition", "Content-Length", "Accept-Ranges", "Cache-Control",
                 "X-Content-Type-Options", "Last-Modified"):  # fmt: skip
        assert whole.headers.get(name) == by_portal.headers.get(name), name


def test_nobody_reaches_the_storage_otherwise(proxy: str, ours: Tenant, storage: Path) -> None:
    published(ours, contents={"a": b"secret"})
    path = next(path for path in storage.rglob("*") if path.is_file()).relative_to(storage)
    for address in (f"/_storage/{path}", f"//_storage/{path}", f"/x/..//_storage/{path}", f"/%5Fstorage/{path}"):
        assert get(ours, proxy + address).status_code == 404, address


@pytest.fixture
def job(ours: Tenant) -> Job:
    return reserved(ours, a_pool())


def test_an_output_of_a_job_is_sent_and_a_link_in_its_place_is_not(
    proxy: str, ours: Tenant, job: Job, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = places.output_folder(job.pk, 1)
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(CONTENT)
    (folder / "same").symlink_to("weights")
    url = f"{proxy}/api/v1/jobs/{job.pk}/outputs/"
    assert get(ours, url + "weights").content == CONTENT
    assert get(ours, url + "same").content == CONTENT, "a link inside of the outputs names a file of them"

    # The job puts a link to another tenant's file there, after the portal has looked and before the proxy does.
    (storage / "secret").write_text("theirs")
    (folder / "swapped").symlink_to(storage / "secret")
    named = "/_storage/" + str((folder / "swapped").relative_to(storage))
    monkeypatch.setattr("era_platform.common.downloads._accelerated", lambda _file: named)
    answer = get(ours, url + "weights")
    assert answer.status_code in (403, 404)
    assert b"theirs" not in answer.content


def test_transfers_go_through_it(proxy: str, ours: Tenant, tmp_path: Path) -> None:
    published(ours, contents={"large": CONTENT, "small": b"s"})
    report = asyncio.run(transfer.download(Server(proxy, ours.token()), "ours/digits", tmp_path / "there"))
    assert (report.files, report.failures) == (2, ())
    assert (tmp_path / "there" / "large").read_bytes() == CONTENT
