"""What must hold between the rows of datasets and the files on the disk; each check tells where it doesn't."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import Count, Sum
from django_scopes import scopes_disabled

from datasets import store
from datasets.models import Blob, Entry, Usage, Version
from datasets.services import manifests, trees
from era_platform.common import storage


@dataclass(frozen=True)
class Difference:
    """`subject` names the thing, `found` says what is wrong with it."""

    kind: str
    subject: str
    found: str


def differences(*, with_bytes: bool = False, with_loose: bool = False) -> Iterator[Difference]:
    """`with_bytes`: read every stored file and compare its SHA-256. `with_loose`: also files on the disk that have no
    row, which are swept once a day, and in a busy store may be just about to get one."""
    with scopes_disabled():
        yield from _blobs(with_bytes)
        yield from _usage()
        yield from _versions()
        yield from _trees()
        if with_loose:
            yield from _loose()


def _blobs(with_bytes: bool) -> Iterator[Difference]:
    for blob in Blob.objects.order_by("pk").iterator():
        path = store.blob_path(blob.organization_id, blob.digest)
        subject = f"organization {blob.organization_id}, file {blob.digest}"
        if not path.is_file():
            yield Difference("blob", subject, "it is missing on the disk")
        elif path.stat().st_size != blob.size:
            yield Difference("blob", subject, f"{path.stat().st_size} bytes on the disk, not {blob.size}")
        elif with_bytes and _digest(path) != blob.digest:
            yield Difference("bytes", subject, "its bytes have another SHA-256")


def _usage() -> Iterator[Difference]:
    sums = dict(Blob.objects.order_by().values_list("organization").annotate(Sum("size")))
    counted = dict(Usage.objects.values_list("pk", "stored"))
    for organization in sums.keys() | counted.keys():
        there, said = sums.get(organization, 0), counted.get(organization, 0)
        if there != said:
            yield Difference("usage", f"organization {organization}", f"{said} bytes counted, {there} stored")


def _versions() -> Iterator[Difference]:
    counts = dict(Entry.objects.order_by().values_list("version").annotate(Count("pk")))
    for version in Version.objects.filter(deleted_at=None).select_related("dataset__organization"):
        if counts.get(version.pk, 0) != version.files:
            found = f"{version.files} files counted, {counts.get(version.pk, 0)} there"
            yield Difference("files", str(version), found)
        elif not version.is_draft:
            manifest = manifests.measure(version.pk)
            if (manifest.size, manifest.digest) != (version.size, version.digest):
                yield Difference("manifest", str(version), "its files are not those of its manifest")


def _trees() -> Iterator[Difference]:
    for organization in _organizations():
        folder = store.made(organization, "trees")
        for tree in (one for one in folder.iterdir() if not one.name.startswith(".")):
            version = Version.objects.filter(pk=UUID(tree.name), deleted_at=None).first()
            if version and not trees.is_whole(tree, version):
                yield Difference("tree", str(version), "its folder for jobs is not whole")


def _loose() -> Iterator[Difference]:
    for organization in _organizations():
        rows = set(Blob.objects.filter(organization=organization).values_list("digest", flat=True))
        for path in store.made(organization, "blobs").glob("*/*"):
            if path.name not in rows:
                yield Difference("loose", f"organization {organization}, file {path.name}", "it has no row")


def _organizations() -> list[int]:
    root = storage.datasets_folder(0).parent
    return sorted(int(one.name) for one in root.iterdir() if one.name.isdigit()) if root.is_dir() else []


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
