"""Published versions as folders for jobs, and files taken over from where they lie."""

import os
import stat
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from datasets import store
from datasets.models import Version
from datasets.services import drafts, trees
from datasets.services.adopt import adopt
from era_platform.common.errors import Conflict, QuotaExceeded
from tests.datasets.ways import a_draft, content_of, digest_of, published, stored
from tests.factories import Tenant

FILES = {"a.txt": b"one", "b/c/d.txt": b"two", "b/same.txt": b"one", "b/empty": b""}


def content(tree: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


def test_a_version_is_laid_out_as_a_folder_without_a_second_copy(ours: Tenant) -> None:
    version = published(ours, contents=FILES)
    tree = trees.materialise(version)
    assert tree == store.tree_path(ours.organization.pk, version.pk)
    assert content(tree) == FILES
    blob = store.blob_path(ours.organization.pk, digest_of(b"one"))
    assert (tree / "a.txt").stat().st_ino == blob.stat().st_ino
    assert [path.name for path in tree.parent.iterdir()] == [str(version.pk)]


def test_jobs_may_read_it_and_only_the_platform_can_reach_it_otherwise(ours: Tenant) -> None:
    tree = trees.materialise(published(ours, contents=FILES))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tree, *tree.rglob("*")) if path.is_dir()}
    assert modes == {0o755}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tree.rglob("*.txt")} == {0o444}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in tree.parents[0:2]} == {0o700}


def test_made_again_it_stays_as_it_is(ours: Tenant) -> None:
    version = published(ours, contents=FILES)
    before = trees.materialise(version).stat().st_ino
    assert trees.materialise(version).stat().st_ino == before


@pytest.mark.parametrize("damage", ["missing", "cut off", "more", "link"])
def test_what_is_damaged_is_made_anew(ours: Tenant, damage: str) -> None:
    version = published(ours, contents=FILES)
    tree = trees.materialise(version)
    if damage == "more":
        (tree / "more").touch()
    else:
        (tree / "b" / "c" / "d.txt").unlink()
    if damage == "cut off":
        (tree / "b" / "c" / "d.txt").write_bytes(b"t")
    if damage == "link":
        (tree / "b" / "c" / "d.txt").symlink_to("/etc/hosts")
    assert content(trees.materialise(version)) == FILES


def test_a_file_with_as_many_links_as_it_can_have_is_copied(ours: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system's limit is out of reach for a test, one is put in its place."""
    version = published(ours, contents={f"{number:02}": b"same" for number in range(20)})
    link = os.link

    def limited(source: str, target: str) -> None:
        if Path(source).stat().st_nlink >= 6:
            raise OSError(31, "Too many links")
        link(source, target)

    monkeypatch.setattr(os, "link", limited)
    tree = trees.materialise(version)
    assert content(tree) == {f"{number:02}": b"same" for number in range(20)}
    assert {path.stat().st_mode & 0o777 for path in tree.iterdir()} == {0o444}
    assert len({path.stat().st_ino for path in tree.iterdir()}) == 4


def test_a_stored_file_that_is_gone_is_told_and_nothing_half_made_is_left(ours: Tenant) -> None:
    version = published(ours, contents=FILES)
    store.blob_path(ours.organization.pk, digest_of(b"two")).unlink()
    with pytest.raises(trees.DamagedStore):
        trees.materialise(version)
    assert list(store.made(ours.organization.pk, "trees").iterdir()) == []


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """What a job has left."""
    folder = tmp_path / "storage" / "outputs"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "best.bin").write_bytes(b"12345")
    (folder / "log.txt").write_bytes(b"done")
    return folder


def files_in(folder: Path) -> list[tuple[str, Path]]:
    return [(str(path.relative_to(folder)), path) for path in folder.rglob("*") if not path.is_dir()]


def test_a_jobs_files_become_a_versions_without_a_copy(ours: Tenant, outputs: Path) -> None:
    draft = a_draft(ours)
    adopt(actor=ours.member, version=draft, files=files_in(outputs))
    version = drafts.publish(actor=ours.member, version=draft)
    assert content_of(version) == {"weights/best.bin": b"12345", "log.txt": b"done"}
    blob = store.blob_path(ours.organization.pk, digest_of(b"12345"))
    source = (outputs / "weights" / "best.bin").stat()
    assert (blob.stat().st_ino, stat.S_IMODE(source.st_mode), source.st_uid) == (source.st_ino, 0o444, os.geteuid())
    assert stored(ours) == 9


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing"])
def test_what_is_no_plain_file_is_not_taken_over(ours: Tenant, outputs: Path, kind: str) -> None:
    odd = outputs / "odd"
    {
        "link": lambda: odd.symlink_to("/etc/hosts"),
        "pipe": lambda: os.mkfifo(odd),
        "folder": odd.mkdir,
        "missing": lambda: None,
    }[kind]()
    draft = a_draft(ours)
    with pytest.raises(Conflict):
        adopt(actor=ours.member, version=draft, files=[("good", outputs / "log.txt"), ("odd", odd)])
    assert content_of(draft) == {}
    assert list(store.made(ours.organization.pk, "parts").iterdir()) == []


def test_outputs_count_against_the_quota_like_anything_else(ours: Tenant, outputs: Path, settings: Settings) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = 8
    with pytest.raises(QuotaExceeded):
        adopt(actor=ours.member, version=a_draft(ours), files=files_in(outputs))
    with scopes_disabled():
        assert not Version.objects.exclude(files=0).exists()
    assert (outputs / "log.txt").read_bytes() == b"done"
