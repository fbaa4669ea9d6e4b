"""Drafts: filled, changed, published for good or abandoned."""

import hashlib

import pytest
from django.db import IntegrityError, connection
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from datasets import store
from datasets.models import Entry, Upload, Version
from datasets.services import drafts, files, uploads
from datasets.services.drafting import Wanted
from era_platform.common.errors import Conflict, InvalidInput, QuotaExceeded, TooLarge
from tests.datasets.ways import (
    a_dataset,
    a_draft,
    arrived,
    content_of,
    digest_of,
    published,
    put,
    stored,
)
from tests.factories import Tenant

FILES = {"b.txt": b"two", "a/one.txt": b"one", "a/copy.txt": b"one"}


def test_files_that_are_added_are_in_the_draft_byte_for_byte(ours: Tenant) -> None:
    assert content_of(a_draft(ours, contents=FILES)) == FILES


def test_what_is_the_same_is_stored_and_counted_once(ours: Tenant) -> None:
    draft = a_draft(ours, contents=FILES)
    put(ours, draft, {"again.txt": b"two"})
    assert stored(ours) == len(b"one") + len(b"two")
    assert len(list(store.blob_path(ours.organization.pk, "xx").parents[1].rglob("?" * 64))) == 2


def test_two_organizations_have_each_their_own_copy(ours: Tenant, theirs: Tenant) -> None:
    a_draft(ours, contents={"a": b"same"})
    a_draft(theirs, contents={"a": b"same"})
    paths = [store.blob_path(one.organization.pk, digest_of(b"same")) for one in (ours, theirs)]
    assert paths[0].stat().st_ino != paths[1].stat().st_ino


def test_the_last_file_of_a_path_is_the_one_that_counts(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a": b"first"})
    put(ours, draft, {"a": b"second", "./a": b"third"})
    assert content_of(draft) == {"a": b"third"}


def test_nothing_is_left_of_parts_when_files_were_added(ours: Tenant) -> None:
    a_draft(ours, contents={"a": b"x", "b": b"x", "./a": b"y"})
    assert list(store.made(ours.organization.pk, "parts").iterdir()) == []


@pytest.mark.parametrize("path", ["", ".", "/", "../a", "a/../b", "/etc/passwd", "a\\b", "C:x", "a\nb", "x" * 256])
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_added(ours: Tenant, path: str) -> None:
    draft = a_draft(ours)
    with pytest.raises(InvalidInput):
        put(ours, draft, {"good": b"x", path: b"y"})
    assert content_of(draft) == {}


@pytest.mark.parametrize(("there", "new"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a"), ("a", "a/b/c")])
def test_a_file_cannot_also_be_a_folder(ours: Tenant, there: str, new: str) -> None:
    draft = a_draft(ours, contents={there: b"x", "a-": b"y", "a0": b"z"})
    with pytest.raises(InvalidInput, match="'a'") as refused:
        put(ours, draft, {new: b"z"})
    assert refused.value.code == "path_conflict"
    with pytest.raises(InvalidInput, match="'a'"):
        a_draft(ours, a_dataset(ours, "other"), {there: b"x", new: b"z"})


def test_a_file_that_is_also_a_folder_is_found_at_publication_however_it_came(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a!": b"x", "a/b": b"x"})
    with scopes_disabled():  # as two might do who add at the same moment
        Entry.objects.create(version=draft, path="a", blob=Entry.objects.first().blob)  # type: ignore[union-attr]
    with pytest.raises(InvalidInput, match=r"'a' is a file, so 'a/b'"):
        drafts.publish(actor=ours.member, version=draft)


def test_a_published_version_has_the_next_number_and_the_digest_of_its_manifest(ours: Tenant) -> None:
    first = published(ours, contents=FILES)
    lines = "".join(f"{digest_of(FILES[path])} 3 {path}\n" for path in sorted(FILES))
    assert (first.number, first.files, first.size) == (1, 3, 9)
    assert first.digest == hashlib.sha256(lines.encode()).hexdigest()
    assert published(ours, first.dataset).number == 2


def test_an_empty_draft_is_not_published(ours: Tenant) -> None:
    with pytest.raises(Conflict) as refused:
        drafts.publish(actor=ours.member, version=a_draft(ours))
    assert refused.value.code == "empty"


def test_a_published_version_takes_no_files_and_loses_none(ours: Tenant) -> None:
    version = published(ours, contents=FILES)
    with pytest.raises(Conflict, match="published as version 1"):
        put(ours, version, {"c": b"new"})
    for change in (drafts.abandon, drafts.publish, drafts.remove_files):
        with pytest.raises(Conflict):
            change(actor=ours.member, version=version)
    with pytest.raises(Conflict):
        uploads.open(actor=ours.member, version=version, path="c", size=1)
    assert content_of(version) == FILES


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE datasets_version SET note = 'x'",
        "UPDATE datasets_version SET number = NULL, published_at = NULL",
        "DELETE FROM datasets_entry",
        "UPDATE datasets_entry SET path = 'x'",
        "INSERT INTO datasets_entry (version_id, path, blob_id) SELECT version_id, 'x', blob_id FROM datasets_entry",
        "UPDATE datasets_blob SET size = 7",
        "DELETE FROM datasets_version",
    ],
)
def test_the_database_itself_refuses_to_change_a_published_version(ours: Tenant, statement: str) -> None:
    published(ours)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_draft_can_begin_from_an_earlier_version(ours: Tenant) -> None:
    first = published(ours, contents=FILES)
    draft = drafts.begin(actor=ours.member, dataset=first.dataset, base=first, note="less")
    assert drafts.remove_files(actor=ours.member, version=draft, prefix="a") == 2
    put(ours, draft, {"c.txt": b"three"})
    assert content_of(drafts.publish(actor=ours.member, version=draft)) == {"b.txt": b"two", "c.txt": b"three"}
    assert content_of(first) == FILES


def test_a_draft_cannot_begin_from_what_is_anothers(ours: Tenant, theirs: Tenant) -> None:
    with pytest.raises(InvalidInput):
        drafts.begin(actor=ours.member, dataset=a_dataset(ours), base=published(theirs))


def test_a_folder_is_removed_without_its_namesakes(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a/x": b"1", "a/y/z": b"2", "ab": b"3", "a_/x": b"4"})
    assert drafts.remove_files(actor=ours.member, version=draft, prefix="a") == 2
    assert drafts.remove_files(actor=ours.member, version=draft, paths=["ab", "missing"]) == 1
    assert content_of(draft) == {"a_/x": b"4"}


def test_an_abandoned_draft_is_gone_with_its_uploads_and_their_parts(ours: Tenant) -> None:
    draft = a_draft(ours, contents=FILES)
    upload = uploads.open(actor=ours.member, version=draft, path="big", size=100)
    part = store.part_path(ours.organization.pk, upload.pk)
    part.write_bytes(b"some")
    drafts.abandon(actor=ours.member, version=draft)
    with scopes_disabled():
        assert not Version.objects.exists()
        assert not Upload.objects.exists()
    assert not part.exists()
    with pytest.raises(Conflict, match="gone"):
        put(ours, draft, {"a": b"x"})


def test_there_is_an_end_to_open_drafts(ours: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 2)
    dataset = a_dataset(ours)
    a_draft(ours, dataset)
    a_draft(ours, dataset)
    with pytest.raises(Conflict) as refused:
        a_draft(ours, dataset)
    assert refused.value.code == "too_many_drafts"


def test_a_version_has_at_most_so_many_files(ours: Tenant, settings: Settings) -> None:
    settings.ERA_DATASET_MAX_FILES = 3
    draft = a_draft(ours, contents=FILES)
    put(ours, draft, {"b.txt": b"another"})
    with pytest.raises(TooLarge):
        put(ours, draft, {"c.txt": b"one more"})
    drafts.remove_files(actor=ours.member, version=draft, paths=["b.txt"])
    put(ours, draft, {"c.txt": b"one more"})


def test_more_than_the_quota_is_not_taken_and_what_fits_is(ours: Tenant, settings: Settings) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = 10
    draft = a_draft(ours, contents={"a": b"12345"})
    with pytest.raises(QuotaExceeded) as refused:
        put(ours, draft, {"b": b"123456"})
    assert (refused.value.extra["free"], refused.value.extra["quota"]) == (5, 10)
    put(ours, draft, {"b": b"67890", "c": b"12345"})
    assert stored(ours) == 10


def test_an_announced_upload_has_its_room_reserved_until_it_is_there_or_discarded(
    ours: Tenant, settings: Settings
) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = 10
    draft = a_draft(ours)
    upload = uploads.open(actor=ours.member, version=draft, path="big", size=8)
    for another in (
        lambda: uploads.open(actor=ours.member, version=draft, path="other", size=3),
        lambda: put(ours, draft, {"other": b"123"}),
    ):
        with pytest.raises(QuotaExceeded):
            another()
    assert uploads.open(actor=ours.member, version=draft, path="big", size=8) == upload
    put(ours, draft, {"big": b"12345678"})
    put(ours, draft, {"other": b"12"})
    assert stored(ours) == 10
    with scopes_disabled():
        assert not Upload.objects.exists()


def test_an_upload_of_another_size_takes_the_place_of_the_earlier_one(ours: Tenant) -> None:
    draft = a_draft(ours)
    first = uploads.open(actor=ours.member, version=draft, path="big", size=8)
    part = store.part_path(ours.organization.pk, first.pk)
    part.write_bytes(b"some")
    second = uploads.open(actor=ours.member, version=draft, path="./big", size=9)
    assert second.pk != first.pk
    assert not part.exists()


def test_bytes_that_the_organization_has_need_not_be_sent_again_but_anothers_must(ours: Tenant, theirs: Tenant) -> None:
    published(ours, contents={"a": b"ours"})
    published(theirs, contents={"a": b"theirs"})
    draft = a_draft(ours, a_dataset(ours, "other"))
    wanted = [
        Wanted("x", digest_of(b"ours"), 4),
        Wanted("y", digest_of(b"theirs"), 6),
        Wanted("z", digest_of(b"ours"), 5),
    ]
    assert files.reuse(actor=ours.member, version=draft, files=wanted) == {"x"}
    assert content_of(draft) == {"x": b"ours"}


def test_a_stored_file_that_was_lost_is_there_again_when_it_is_sent_again(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a": b"bytes"})
    store.blob_path(ours.organization.pk, digest_of(b"bytes")).unlink()
    put(ours, draft, {"b": b"bytes"})
    assert content_of(draft) == {"a": b"bytes", "b": b"bytes"}


def test_a_part_that_is_gone_is_told(ours: Tenant) -> None:
    draft, file = a_draft(ours), arrived(ours, "a", b"x")
    file.part.unlink()
    with pytest.raises(Conflict) as refused:
        files.add(actor=ours.member, version=draft, files=[file])
    assert refused.value.code == "part_gone"
    assert content_of(draft) == {}
