"""What members do with drafts on the pages, and owners with datasets: publish, abandon, show, hide, delete."""

import json
from typing import Any

import pytest
from django_scopes import scopes_disabled

from datasets import holds, store
from datasets.holds import Holder
from datasets.models import Dataset, Entry, Version
from datasets.services import datasets as service
from datasets.services import uploads
from tests.datasets.ways import a_dataset, a_draft, content_of, published
from tests.factories import Tenant

TOP = "datasets/ours/digits/"


def post(tenant: Tenant, address: str, role: str = "member", **data: str) -> Any:
    return tenant.client(role).post(tenant.page(f"{TOP}{address}"), data)


def words(tenant: Tenant, path: str = "", role: str = "member") -> str:
    return tenant.client(role).get(tenant.page(f"{TOP}{path}")).content.decode()


def the_dataset() -> Dataset:
    with scopes_disabled():
        return Dataset.objects.get()


def test_a_draft_is_begun_empty_or_from_a_version(ours: Tenant) -> None:
    published(ours, contents={"a.txt": b"a"})
    found = {}
    for base in ("", "1"):
        answer = post(ours, "drafts/", base=base)
        with scopes_disabled():
            draft = Version.objects.filter(number=None).latest("created_at")
        assert answer.headers["Location"] == ours.page(f"{TOP}versions/{draft.pk}/")
        found[base] = set(content_of(draft))
    assert found == {"": set(), "1": {"a.txt"}}


def test_a_draft_is_published_with_a_note(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a.txt": b"a"})
    address = ours.page(f"{TOP}versions/{draft.pk}/publish/")
    page = ours.client().post(address, {"note": "The first"}, follow=True).content.decode()
    assert "The first" in page
    assert "It is published as version 1." in page


def test_an_empty_draft_is_not_published_and_says_why(ours: Tenant) -> None:
    draft = a_draft(ours)
    answer = ours.client().post(ours.page(f"{TOP}versions/{draft.pk}/publish/"), follow=True)
    assert "has no files" in answer.content.decode()


def test_a_draft_is_abandoned(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a.txt": b"a"})
    assert str(draft.pk) in words(ours)
    post(ours, f"versions/{draft.pk}/abandon/")
    assert str(draft.pk) not in words(ours)


def test_files_and_folders_are_taken_out_of_a_draft(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a/x": b"1", "a/y": b"2", "ab": b"3", "b": b"4"})
    post(ours, f"versions/{draft.pk}/remove/", path="a", is_folder="1")
    assert set(content_of(draft)) == {"ab", "b"}
    post(ours, f"versions/{draft.pk}/remove/", path="b")
    assert set(content_of(draft)) == {"ab"}


def test_the_browser_is_told_what_a_draft_has_and_what_is_on_its_way(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a.txt": b"a", "b.txt": b"bb"})
    upload = uploads.open(actor=ours.member, version=draft, path="big.bin", size=100)
    store.part_path(ours.organization.pk, upload.pk).write_bytes(b"x" * 40)
    top = ours.page(f"{TOP}versions/{draft.pk}/")
    lines = b"".join(ours.client().get(f"{top}files.ndjson")).decode().splitlines()
    assert [json.loads(line)[:2] for line in lines] == [["a.txt", 1], ["b.txt", 2]]
    [told] = ours.client().get(f"{top}uploads.json").json()["uploads"]
    assert (told["path"], told["size"], told["at"]) == ("big.bin", 100, 40)
    assert ours.client().post(f"{top}uploads/discard/", {"path": "big.bin"}).status_code == 204
    assert ours.client().get(f"{top}uploads.json").json()["uploads"] == []
    assert ours.client().post(f"{top}uploads/discard/", {"path": "big.bin"}).status_code == 404


@pytest.mark.parametrize("path", ["files.ndjson", "uploads.json"])
def test_a_draft_is_told_to_nobody_of_another_organization(ours: Tenant, theirs: Tenant, path: str) -> None:
    draft = a_draft(ours, a_dataset(ours, visibility="public"), {"a.txt": b"a"})
    for client in (theirs.client("owner").get, theirs.client("owner").post):
        answer = client(theirs.page(f"{TOP}versions/{draft.pk}/{path}"))
        assert answer.status_code in (403, 404, 405)
    assert ours.client("viewer").get(ours.page(f"{TOP}versions/{draft.pk}/{path}")).status_code == 403


def test_a_viewer_looks_at_a_draft_and_is_offered_nothing(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a.txt": b"a"})
    page = words(ours, f"versions/{draft.pk}/", "viewer")
    assert "a.txt" in page
    assert 'id="upload"' not in page
    assert "abandon/" not in page


def test_the_description_is_changed_by_members(ours: Tenant) -> None:
    a_dataset(ours)
    post(ours, "settings/", description="New words", licence="MIT", tags="one, two")
    dataset = the_dataset()
    assert (dataset.description, dataset.licence, dataset.tags) == ("New words", "MIT", ["one", "two"])


def test_what_is_wrong_with_a_tag_is_told_at_its_field(ours: Tenant) -> None:
    a_dataset(ours)
    answer = post(ours, "settings/", tags="x" * 41)
    assert answer.status_code == 400
    assert "id_tags_error" in answer.content.decode()


def test_an_owner_shows_a_dataset_to_others_and_hides_it(ours: Tenant, theirs: Tenant) -> None:
    a_dataset(ours)
    there = []
    for visibility in ("public", "private", "shared"):
        post(ours, "settings/visibility/", "owner", visibility=visibility)
        there.append(theirs.client().get(theirs.page(TOP)).status_code)
    post(ours, "settings/grant/", "owner", slug="Theirs")
    there.append(theirs.client().get(theirs.page(TOP)).status_code)
    post(ours, "settings/revoke/", "owner", slug="theirs")
    there.append(theirs.client().get(theirs.page(TOP)).status_code)
    assert there == [200, 404, 404, 200, 404]


def test_sharing_does_not_tell_whether_there_is_such_an_organization(ours: Tenant, theirs: Tenant) -> None:
    a_dataset(ours, visibility="shared")
    told = []
    for slug in ("theirs", "nobody"):
        client = ours.client("owner")
        page = client.post(ours.page(f"{TOP}settings/grant/"), {"slug": slug}, follow=True).content.decode()
        told.append(page.count(slug))
    assert told[0] == told[1] > 0


def test_a_dataset_is_deleted_by_typing_its_name(ours: Tenant) -> None:
    published(ours)
    refused = post(ours, "settings/delete/", "owner", name="digit")
    assert refused.status_code == 400
    assert "delete-name_error" in refused.content.decode()
    assert post(ours, "settings/delete/", "owner", name="digits").headers["Location"] == ours.page("datasets/")
    assert ours.client().get(ours.page(TOP)).status_code == 404


def test_what_a_job_needs_is_not_deleted_and_the_job_is_named(ours: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    published(ours)
    monkeypatch.setattr(holds, "_asked", [lambda _ids: [Holder("job night run", ours.organization.pk)]])
    answer = post(ours, "settings/delete/", "owner", name="digits")
    assert "job night run" in answer.content.decode()
    ours.client("owner").post(ours.page(f"{TOP}versions/1/delete/"))
    assert ours.client().get(ours.page(f"{TOP}versions/1/")).status_code == 200


def test_an_owner_deletes_a_version(ours: Tenant) -> None:
    dataset = published(ours).dataset
    published(ours, dataset, {"b.txt": b"b"})
    post(ours, "versions/1/delete/", "owner")
    assert ours.client().get(ours.page(f"{TOP}versions/1/")).status_code == 404
    assert ours.client().get(ours.page(f"{TOP}versions/2/")).status_code == 200


def test_previews_go_with_the_file_they_are_of(ours: Tenant) -> None:
    version = published(ours, contents={"a.txt": b"a"})
    ours.client().get(ours.page(f"{TOP}versions/1/file/a.txt"))
    with scopes_disabled():
        digest = Entry.objects.get(version=version).blob.digest
    kept = store.previews_path(ours.organization.pk, digest)
    assert kept.is_dir()
    store.remove(ours.organization.pk, [digest])
    assert not kept.exists()


def test_a_grant_is_shown_to_owners_only_where_it_can_be_taken_back(ours: Tenant) -> None:
    service.grant(actor=ours.owner, dataset=a_dataset(ours, visibility="shared"), slug="friends")
    assert "settings/revoke/" in words(ours, "settings/", "owner")
    assert "settings/revoke/" not in words(ours, "settings/", "member")
