"""A disk without room: told as such, and nothing half there. The disk is a real one, of two megabytes."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from datasets import store
from datasets.api.bodies import _gather
from datasets.incoming import Gathering
from datasets.services import trees, unpacking
from datasets.services.adopt import adopt
from datasets.services.check import differences
from era_platform.common.errors import StorageFull
from tests.api.archives import zipped
from tests.datasets.ways import a_draft, content_of, published
from tests.factories import Tenant

ROOM = 2 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},nr_inodes=300", "none", disk], check=True)
    settings.ERA_STORAGE_ROOT = disk
    yield disk
    subprocess.run(["umount", disk], check=True)


def parts(tenant: Tenant) -> list[Path]:
    return list(store.made(tenant.organization.pk, "parts").iterdir())


def put(tenant: Tenant, address: str, size: int) -> tuple[int, str]:
    answer = tenant.api().put(address, b"x" * size, "application/octet-stream")
    return answer.status_code, answer.json().get("code", "")


def test_a_file_that_does_not_fit_is_507_and_leaves_nothing(ours: Tenant, small_disk: Path) -> None:
    draft = a_draft(ours)
    address = f"/api/v1/datasets/ours/digits/versions/{draft.pk}/files"
    assert put(ours, f"{address}/small", ROOM // 2) == (200, "")
    assert put(ours, f"{address}/large", ROOM) == (507, "storage_full")
    assert parts(ours) == []
    assert put(ours, f"{address}/fits", 1000) == (200, "")
    assert set(content_of(draft)) == {"small", "fits"}


def test_the_asgi_servers_way_tells_it_too(ours: Tenant, small_disk: Path) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"x" * ROOM, "more_body": True}

    with Gathering(ours.organization.pk, 10 * ROOM) as gathering:
        assert isinstance(asyncio.run(_gather(gathering, receive)), StorageFull)
    assert parts(ours) == []


def test_an_archive_that_does_not_fit_leaves_nothing(ours: Tenant, small_disk: Path) -> None:
    draft = a_draft(ours)
    archive = small_disk / "archive"
    archive.write_bytes(zipped({"small": b"x", "large": b"\0" * ROOM}))
    with pytest.raises(StorageFull):
        unpacking.unpack(actor=ours.member, version=draft, archive=archive)
    assert parts(ours) == []
    assert content_of(draft) == {}


def test_a_folder_for_jobs_that_does_not_fit_is_not_half_made(ours: Tenant, small_disk: Path) -> None:
    version = published(ours, contents={f"{number}/{number}": b"" for number in range(150)})
    with pytest.raises(StorageFull):  # no room for so many folders
        trees.materialise(version)
    assert list(store.made(ours.organization.pk, "trees").iterdir()) == []


def test_outputs_can_be_taken_over_by_a_disk_that_is_full(ours: Tenant, small_disk: Path) -> None:
    source = small_disk / "output"
    source.write_bytes(b"x" * (ROOM * 3 // 4))
    draft = a_draft(ours)
    adopt(actor=ours.member, version=draft, files=[("output", source)])
    assert len(content_of(draft)["output"]) == ROOM * 3 // 4
    assert list(differences(with_bytes=True, with_loose=True)) == []
