"""What no version has any more goes, row and file; what one still has stays, whatever happens at the same time."""

import os
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scopes_disabled

from datasets import store
from datasets.models import Blob, Entry, Upload, Usage
from datasets.services import datasets, drafts, sweep, trees, uploads
from datasets.services.check import differences
from era_platform.common import clock
from tests.datasets.ways import a_dataset, a_draft, arrived, content_of, digest_of, published, put, stored
from tests.factories import Tenant

OLD = time.time() - 50 * 3600


def on_disk(tenant: Tenant) -> set[str]:
    return {path.name for path in store.made(tenant.organization.pk, "blobs").glob("*/*")}


def all_is_well() -> bool:
    return list(differences(with_bytes=True, with_loose=True)) == []


def test_a_deleted_versions_own_files_go_and_shared_ones_stay(ours: Tenant) -> None:
    first = published(ours, contents={"shared": b"1", "own": b"22"})
    trees.materialise(first)
    second = drafts.begin(actor=ours.member, dataset=first.dataset, base=first)
    drafts.remove_files(actor=ours.member, version=second, paths=["own"])
    second = drafts.publish(actor=ours.member, version=second)
    datasets.delete_version(actor=ours.owner, version=first)
    assert sweep.sweep_loosened() == 1
    assert (stored(ours), on_disk(ours)) == (1, {digest_of(b"1")})
    assert content_of(second) == {"shared": b"1"}
    assert list(store.made(ours.organization.pk, "trees").iterdir()) == []
    with scopes_disabled():
        assert Entry.objects.filter(version=first).count() == 0
    assert all_is_well()


def test_replaced_removed_and_abandoned_files_go(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a": b"1", "b": b"22"})
    put(ours, draft, {"a": b"333"})
    sweep.sweep_loosened()
    assert stored(ours) == 5
    drafts.remove_files(actor=ours.member, version=draft, paths=["b"])
    sweep.sweep_loosened()
    assert stored(ours) == 3
    drafts.abandon(actor=ours.member, version=draft)
    sweep.sweep_loosened()
    assert (stored(ours), on_disk(ours)) == (0, set())
    assert all_is_well()


def test_nothing_is_swept_twice_and_what_is_removed_meanwhile_is_swept_again(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a": b"1", "b": b"2"})
    drafts.remove_files(actor=ours.member, version=draft, paths=["a"])
    with scopes_disabled():
        since = Usage.objects.get().loosened_at
    drafts.remove_files(actor=ours.member, version=draft, paths=["b"])
    sweep.sweep_organization(ours.organization.pk, since)
    assert sweep.sweep_loosened() == 1
    assert sweep.sweep_loosened() == 0


def test_what_a_crash_left_on_the_disk_is_found_once_a_day(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a": b"kept"})
    orphan = arrived(ours, "x", b"orphan")
    store.keep(ours.organization.pk, [(orphan.part, orphan.digest)])
    old, young = arrived(ours, "x", b"old"), arrived(ours, "x", b"young")
    os.utime(old.part, (OLD, OLD))
    half_made = store.made(ours.organization.pk, "trees") / ".making-x"
    half_made.mkdir()
    os.utime(half_made, (OLD, OLD))
    sweep.sweep_disk()
    assert on_disk(ours) == {digest_of(b"kept")}
    assert (old.part.exists(), young.part.exists(), half_made.exists()) == (False, True, False)
    assert content_of(draft) == {"a": b"kept"}


def test_uploads_that_nobody_goes_on_with_are_discarded(ours: Tenant) -> None:
    draft = a_draft(ours)
    gone = uploads.open(actor=ours.member, version=draft, path="gone", size=5)
    part = store.part_path(ours.organization.pk, gone.pk)
    part.touch()
    with clock.freeze(clock.now() + timedelta(hours=47)):
        alive = uploads.open(actor=ours.member, version=draft, path="alive", size=5)
    with clock.freeze(clock.now() + timedelta(hours=49)):
        uploads.sweep_abandoned()
    with scopes_disabled():
        assert list(Upload.objects.all()) == [alive]
    assert not part.exists()


def test_a_part_of_an_upload_that_waits_is_kept_however_old_it_is(ours: Tenant) -> None:
    upload = uploads.open(actor=ours.member, version=a_draft(ours), path="x", size=5)
    part = store.part_path(ours.organization.pk, upload.pk)
    part.touch()
    os.utime(part, (OLD, OLD))
    sweep.sweep_disk()
    assert part.exists()


@pytest.mark.parametrize(
    ("damage", "kind"),
    [("missing", "blob"), ("cut off", "blob"), ("other bytes", "bytes"), ("usage", "usage"), ("count", "files"),
     ("tree", "tree"), ("loose", "loose")],
)  # fmt: skip
def test_every_difference_between_rows_and_disk_is_found(ours: Tenant, damage: str, kind: str) -> None:
    version = published(ours, contents={"a": b"bytes"})
    draft = a_draft(ours, a_dataset(ours, "other"))
    assert all_is_well()
    blob = store.blob_path(ours.organization.pk, digest_of(b"bytes"))
    if damage in ("missing", "cut off", "other bytes"):
        blob.unlink()
    if damage in ("cut off", "other bytes"):
        blob.write_bytes(b"byte" if damage == "cut off" else b"BYTES")
    with scopes_disabled():
        if damage == "usage":
            Usage.objects.update(stored=7)
        if damage == "count":
            Entry.objects.create(version=draft, path="x", blob=Blob.objects.get())
    if damage == "tree":
        (trees.materialise(version) / "a").unlink()
    if damage == "loose":
        (blob.parent / ("0" * 64)).touch()
    assert {one.kind for one in differences(with_bytes=True, with_loose=True)} == {kind}


def test_operators_can_ask(ours: Tenant, capsys: pytest.CaptureFixture[str], storage: Path) -> None:
    published(ours, contents={"a": b"bytes"})
    call_command("check_datasets", "--bytes")
    assert "All is as it should be" in capsys.readouterr().out
    store.blob_path(ours.organization.pk, digest_of(b"bytes")).unlink()
    with pytest.raises(CommandError, match="1 differences"):
        call_command("check_datasets")
    assert digest_of(b"bytes") in capsys.readouterr().out


def test_an_unknown_folder_in_the_store_disturbs_nobody(ours: Tenant, storage: Path) -> None:
    published(ours)
    (storage / "datasets" / "lost+found").mkdir()
    (store.made(ours.organization.pk, "trees") / str(uuid4())).mkdir()
    sweep.sweep_disk()
    assert all_is_well()
