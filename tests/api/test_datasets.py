"""Datasets by plain HTTP: made, filled, published, read, shared and deleted."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from datasets import store
from datasets.services import datasets
from tests.api.archives import targz, zipped
from tests.datasets.ways import a_dataset, a_draft, content_of, digest_of, published
from tests.factories import Tenant

DATASETS = "/api/v1/datasets"
JSON = "application/json"


def put(client: Client, address: str, content: bytes, **headers: str) -> Any:
    return client.put(address, content, "application/octet-stream", headers=headers)


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer)


def a_draft_at(tenant: Tenant) -> str:
    draft = a_draft(tenant)
    return f"{DATASETS}/ours/digits/versions/{draft.pk}"


def parts_of(tenant: Tenant) -> list[Path]:
    return list(store.made(tenant.organization.pk, "parts").iterdir())


def test_the_way_of_a_dataset_from_nothing_to_a_published_version(ours: Tenant) -> None:
    api = ours.api()
    made = api.post(DATASETS, {"name": "digits", "description": "# Digits", "tags": ["Images"]}, JSON)
    assert (made.status_code, made["Location"]) == (201, "http://testserver/api/v1/datasets/ours/digits")
    assert made.json() | {"created_at": "", "updated_at": ""} == {
        "owner": "ours", "name": "digits", "reference": "ours/digits", "description": "# Digits", "licence": "",
        "tags": ["images"], "visibility": "private", "latest": None, "files": None, "size": None,
        "created_at": "", "updated_at": "",
    }  # fmt: skip
    begun = api.post(f"{DATASETS}/ours/digits/versions", {"note": "first"}, JSON)
    assert (begun.status_code, begun.json()["state"], begun.json()["number"]) == (201, "draft", None)
    draft = begun["Location"].removeprefix("http://testserver")
    stored = put(api, f"{draft}/files/train/a.txt", b"one", **{"X-Content-SHA256": digest_of(b"one")})
    assert stored.json() == {"path": "train/a.txt", "size": 3, "sha256": digest_of(b"one")}
    assert api.get(draft).json()["files"] == 1
    done = api.post(f"{draft}/publish", {"note": "the first"}, JSON).json()
    assert (done["number"], done["state"], done["note"], done["size"]) == (1, "published", "the first", 3)
    latest = api.get(f"{DATASETS}/ours/digits").json()
    assert (latest["latest"], latest["files"], latest["size"]) == (1, 1, 3)
    manifest = api.get(f"{DATASETS}/ours/digits/versions/latest/manifest").getvalue()
    assert hashlib.sha256(manifest).hexdigest() == done["sha256"]


def test_a_file_comes_byte_for_byte_with_its_digest_as_etag_and_in_parts(ours: Tenant) -> None:
    published(ours, contents={"a/b.bin": b"0123456789"})
    api, address = ours.api("viewer"), f"{DATASETS}/ours/digits/versions/latest/files/a/b.bin"
    whole = api.get(address)
    assert bytes_of(whole) == b"0123456789"
    assert whole["ETag"] == f'"{digest_of(b"0123456789")}"'
    assert bytes_of(api.get(address, headers={"Range": "bytes=2-4"})) == b"234"
    assert api.get(address, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    head = api.head(address)
    assert (head["Content-Length"], head.content) == ("10", b"")


def test_files_are_listed_by_path_and_narrowed_down(ours: Tenant) -> None:
    published(ours, contents={"b.txt": b"1", "a/x.TXT": b"2", "a/y.csv": b"3"})
    address = f"{DATASETS}/ours/digits/versions/1/files"

    def paths(query: str = "") -> list[str]:
        return [file["path"] for file in ours.api().get(address + query).json()["results"]]

    assert paths() == ["a/x.TXT", "a/y.csv", "b.txt"]
    assert paths("?prefix=a/") == ["a/x.TXT", "a/y.csv"]
    assert paths("?search=txt") == ["a/x.TXT", "b.txt"]
    first = ours.api().get(f"{address}?page_size=2").json()
    assert [file["path"] for file in ours.api().get(first["next"]).json()["results"]] == ["b.txt"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [({"X-Content-SHA256": "0" * 64}, "hash_mismatch"), ({"X-Content-SHA256": "xyz"}, "invalid")],
)
def test_a_body_that_is_not_what_was_said_is_not_taken(ours: Tenant, headers: dict[str, str], code: str) -> None:
    draft = a_draft_at(ours)
    answer = put(ours.api(), f"{draft}/files/a", b"one", **headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert ours.api().get(draft).json()["files"] == 0
    assert parts_of(ours) == []


def test_a_body_beyond_the_limit_and_one_beyond_the_quota_are_refused(ours: Tenant, settings: Settings) -> None:
    draft = a_draft_at(ours)
    settings.ERA_DATASET_PUT_MAX_BYTES = 4
    assert put(ours.api(), f"{draft}/files/a", b"12345").json()["code"] == "too_large"
    settings.ERA_DATASET_QUOTA_BYTES = 3
    answer = put(ours.api(), f"{draft}/files/a", b"1234")
    assert (answer.status_code, answer.json()["code"], answer.json()["free"]) == (413, "quota_exceeded", 3)
    assert parts_of(ours) == []


def test_a_file_is_taken_out_of_a_draft_once(ours: Tenant) -> None:
    draft = a_draft_at(ours)
    put(ours.api(), f"{draft}/files/a", b"one")
    assert ours.api().delete(f"{draft}/files/a").status_code == 204
    assert ours.api().delete(f"{draft}/files/a").status_code == 404


def test_many_files_are_taken_out_of_a_draft_at_once(ours: Tenant) -> None:
    draft = a_draft_at(ours)
    for path in ("a", "sub/b", "c"):
        put(ours.api(), f"{draft}/files/{path}", b"one")
    removed = ours.api().post(f"{draft}/remove", {"paths": ["a", "sub/b", "gone"]}, "application/json")
    assert removed.json() == {"removed": 2}
    assert [file["path"] for file in ours.api().get(f"{draft}/files").json()["results"]] == ["c"]


@pytest.mark.parametrize("paths", [[], ["../a"], ["a"] * 1001, "a", [1]])
def test_what_names_no_files_is_refused(ours: Tenant, paths: object) -> None:
    answer = ours.api().post(f"{a_draft_at(ours)}/remove", {"paths": paths}, "application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["../x", "a/../../x", "%2e%2e/x", "a%5Cb", "%00", "a%0Ab", "C:x"])
def test_no_path_leads_out(ours: Tenant, path: str) -> None:
    answer = put(ours.api(), f"{a_draft_at(ours)}/files/{path}", b"one")
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("pack", [zipped, targz])
def test_an_archive_is_unpacked_into_a_draft(ours: Tenant, pack: Any) -> None:
    draft = a_draft_at(ours)
    archive = pack({"a.txt": b"one", "b/c.txt": b"two"})
    answer = ours.api().post(f"{draft}/archive?folder=in", archive, "application/octet-stream")
    assert (answer.status_code, answer.json()["files"], answer.json()["size"]) == (200, 2, 6)
    paths = [file["path"] for file in ours.api().get(f"{draft}/files").json()["results"]]
    assert paths == ["in/a.txt", "in/b/c.txt"]
    assert parts_of(ours) == []


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"no archive",
        zipped({"good": b"x", "../bad": b"y"}),
        targz({"good": b"x", "/bad": b"y"}),
        zipped({"good": b"x" * 1000})[:-5],
        targz({"good": b"x" * 100_000})[:-5],
        zipped({}),
    ],
    ids=["empty", "none", "leads out", "absolute", "cut zip", "cut tar", "no files"],
)
def test_of_an_archive_that_is_not_acceptable_nothing_is_taken(ours: Tenant, archive: bytes) -> None:
    draft = a_draft_at(ours)
    answer = ours.api().post(f"{draft}/archive", archive, "application/octet-stream")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_archive")
    assert ours.api().get(draft).json()["files"] == 0
    assert parts_of(ours) == []


def test_what_grows_beyond_the_quota_when_unpacked_is_refused(ours: Tenant, settings: Settings) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = 100_000
    draft = a_draft_at(ours)
    answer = ours.api().post(f"{draft}/archive", zipped({"zeros": b"\0" * 200_000}), "application/zip")
    assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded")
    assert parts_of(ours) == []


FILES = {"a.txt": b"one", "b/ü.bin": bytes(range(256)) * 5000, "b/empty": b"", f"b/{'long' * 40}": b"x"}


def test_a_version_comes_as_a_zip_of_the_length_that_was_said(ours: Tenant) -> None:
    published(ours, contents=FILES)
    answer = ours.api("viewer").get(f"{DATASETS}/ours/digits/versions/1/archive")
    packed = answer.getvalue()
    assert len(packed) == int(answer["Content-Length"])
    assert answer["Content-Disposition"] == 'attachment; filename="digits-1.zip"'
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_a_folder_of_a_version_comes_as_a_tar(ours: Tenant) -> None:
    published(ours, contents=FILES)
    answer = ours.api().get(f"{DATASETS}/ours/digits/versions/1/archive?format=tar&prefix=b/")
    with tarfile.open(fileobj=io.BytesIO(answer.getvalue()), mode="r:") as archive:
        content = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]
    assert content == {path: data for path, data in FILES.items() if path.startswith("b/")}


def test_what_was_downloaded_can_be_uploaded_again(ours: Tenant) -> None:
    version = published(ours, contents=FILES)
    packed = ours.api().get(f"{DATASETS}/ours/digits/versions/1/archive").getvalue()
    draft = a_draft(ours, version.dataset)
    ours.api().post(f"{DATASETS}/ours/digits/versions/{draft.pk}/archive", packed, "application/zip")
    assert content_of(draft) == FILES


def test_versions_are_compared(ours: Tenant) -> None:
    first = published(ours, contents={"same": b"1", "less": b"2", "other": b"3"})
    second = published(ours, first.dataset, {"same": b"1", "more": b"4", "other": b"55"})
    assert second.number == 2
    answer = ours.api().get(f"{DATASETS}/ours/digits/versions/2/diff").json()
    counts = {name: answer[name] for name in ("against", "added", "removed", "changed", "truncated")}
    assert counts == {"against": "1", "added": 1, "removed": 1, "changed": 1, "truncated": False}
    assert [(one["path"], one["change"], one["size"], one["size_before"]) for one in answer["results"]] == [
        ("less", "removed", None, 1),
        ("more", "added", 1, None),
        ("other", "changed", 2, 1),
    ]
    assert ours.api().get(f"{DATASETS}/ours/digits/versions/2/diff?against=9").status_code == 404


def test_lists_are_of_mine_of_what_is_shared_and_of_what_is_public(ours: Tenant, theirs: Tenant) -> None:
    a_dataset(ours, "mine")
    a_dataset(theirs, "hidden")
    a_dataset(theirs, "public", visibility="public", tags=["cats"])
    granted = a_dataset(theirs, "granted", visibility="shared")
    datasets.grant(actor=theirs.owner, dataset=granted, slug="ours")

    def names(query: str) -> set[str]:
        return {one["name"] for one in ours.api().get(f"{DATASETS}?{query}").json()["results"]}

    assert names("owner=mine") == {"mine"}
    assert names("owner=shared") == {"granted"}
    assert names("owner=public") == {"public"}
    assert names("") == {"mine", "granted", "public"}
    assert names("tag=Cats") == {"public"}
    assert ours.api().get(f"{DATASETS}?owner=all-of-them").status_code == 400


def test_what_is_visible_but_anothers_can_be_read_and_not_changed(ours: Tenant, theirs: Tenant) -> None:
    version = published(theirs, a_dataset(theirs, visibility="public"))
    draft = a_draft(theirs, version.dataset)
    api, address = ours.api("owner"), f"{DATASETS}/theirs/digits"
    told = api.get(f"{address}/versions/1").json()
    assert (told["files"], told["created_by"]) == (1, "")
    assert [one["number"] for one in api.get(f"{address}/versions").json()["results"]] == [1]
    for path in ("", "/versions/1"):
        assert api.delete(address + path).status_code == 403
    assert api.patch(address, {"description": "mine"}, JSON).status_code == 403
    assert api.post(f"{address}/versions", {}, JSON).status_code == 403
    assert api.get(f"{address}/grants").status_code == 403
    for part in ("", "/files", "/files/readme.txt", "/archive", "/manifest", "/diff?against=1"):
        assert api.get(f"{address}/versions/{draft.pk}{part}").status_code == 404


def test_a_dataset_is_shared_and_no_longer(ours: Tenant, theirs: Tenant) -> None:
    published(ours)
    owner, address = ours.api("owner"), f"{DATASETS}/ours/digits"
    assert owner.patch(address, {"visibility": "shared"}, JSON).json()["visibility"] == "shared"
    assert owner.put(f"{address}/grants/theirs").json()["slug"] == "theirs"
    assert theirs.api().get(address).status_code == 200
    assert [one["slug"] for one in owner.get(f"{address}/grants").json()["results"]] == ["theirs"]
    assert owner.delete(f"{address}/grants/theirs").status_code == 204
    assert theirs.api().get(address).status_code == 404


def test_an_owner_deletes_a_version_and_a_member_a_draft(ours: Tenant) -> None:
    version = published(ours)
    draft = a_draft(ours, version.dataset)
    address = f"{DATASETS}/ours/digits/versions"
    assert ours.api().delete(f"{address}/{draft.pk}").status_code == 204
    assert ours.api().delete(f"{address}/1").status_code == 403
    assert ours.api("owner").delete(f"{address}/1").status_code == 204
    assert ours.api().get(f"{address}/1").status_code == 404
    assert ours.api("owner").delete(f"{DATASETS}/ours/digits").status_code == 204
    assert ours.api().get(f"{DATASETS}/ours/digits").status_code == 404
