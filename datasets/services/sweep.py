"""Removes what no version has any more: rows and files of what was deleted, abandoned, replaced, or cut off by a crash.

A blob goes in two steps, its row first and then its file, while nobody else adds files for the same organization: a
crash between them leaves a file without a row, which is found on the disk later.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django_scopes import scopes_disabled

from datasets import store
from datasets.models import Blob, Entry, Upload, Usage, Version
from datasets.services import quota, uploads
from datasets.services.drafting import files_lock
from era_platform.common import storage
from era_platform.common.locks import exclusive_lock
from era_platform.common.scopes import unscoped

log = structlog.get_logger(__name__)

AT_ONCE = 1_000
ENTRIES_AT_ONCE = 50_000

Item = TypeVar("Item")


def sweep_loosened() -> int:
    """Where something was removed since it was last swept; how many organizations that were."""
    with scopes_disabled():
        due = list(Usage.objects.filter(loosened_at__isnull=False).values_list("pk", "loosened_at"))
    for organization_id, since in due:
        sweep_organization(organization_id, since)
    return len(due)


@unscoped
def sweep_organization(organization_id: int, since: datetime | None = None) -> None:
    """`since`: what its usage said; it is swept again where something is removed meanwhile."""
    _remove_entries_of_deleted(organization_id)
    _remove_trees(organization_id)
    for ids in _batches(_loose_blobs(organization_id)):
        _remove_blobs(organization_id, ids)
    Usage.objects.filter(pk=organization_id, loosened_at=since).update(loosened_at=None)


@unscoped
def sweep_disk() -> None:
    """Everything, also what only a crash can have left: files without a row, parts without an upload."""
    uploads.sweep_abandoned()
    root = storage.datasets_folder(0).parent
    loosened = dict(Usage.objects.values_list("pk", "loosened_at"))
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name.isdigit():
            sweep_organization(int(folder.name), loosened.get(int(folder.name)))
            _remove_files_without_rows(int(folder.name))
            store.remove(int(folder.name), store.set_aside_before(int(folder.name)))
            _remove_old_parts(int(folder.name))


def _remove_entries_of_deleted(organization_id: int) -> None:
    left = Exists(Entry.objects.filter(version=OuterRef("pk")))
    versions = Version.objects.filter(left, organization=organization_id, deleted_at__isnull=False)
    for version in versions.values_list("pk", flat=True):
        removed = ENTRIES_AT_ONCE
        while removed == ENTRIES_AT_ONCE:
            some = Entry.objects.filter(version=version).order_by()[:ENTRIES_AT_ONCE].values("pk")
            removed = Entry.objects.filter(pk__in=some).order_by()._raw_delete("default")


def _loose_blobs(organization_id: int) -> Iterator[int]:
    """Candidates, found without keeping anybody waiting."""
    blobs = Blob.objects.filter(organization=organization_id, entries=None).order_by("pk")
    last = 0
    while ids := list(blobs.filter(pk__gt=last).values_list("pk", flat=True)[:AT_ONCE]):
        yield from ids
        last = ids[-1]


def _remove_blobs(organization_id: int, ids: Iterable[int]) -> None:
    """Those of them that still nobody has."""
    with exclusive_lock(files_lock(organization_id)):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """DELETE FROM datasets_blob b WHERE b.id = ANY(%s)
                   AND NOT EXISTS (SELECT 1 FROM datasets_entry e WHERE e.blob_id = b.id) RETURNING digest, size""",
                [list(ids)],
            )
            removed = cursor.fetchall()
            quota.lock_usage(organization_id)
            freed = sum(size for _digest, size in removed)
            Usage.objects.filter(pk=organization_id).update(stored=F("stored") - freed)
        store.set_aside(organization_id, (digest for digest, _size in removed))
    store.remove(organization_id, (digest for digest, _size in removed))


def _remove_files_without_rows(organization_id: int) -> None:
    for folder in store.made(organization_id, "blobs").iterdir():
        for names in _batches(path.name for path in folder.iterdir()):
            if not set(names) <= _known(organization_id, names):
                with exclusive_lock(files_lock(organization_id)):
                    gone = set(names) - _known(organization_id, names)
                    store.set_aside(organization_id, gone)
                store.remove(organization_id, gone)
                log.info("files_without_rows_removed", organization=organization_id, files=len(gone))


def _known(organization_id: int, digests: Iterable[str]) -> set[str]:
    blobs = Blob.objects.filter(organization=organization_id, digest__in=list(digests))
    return set(blobs.values_list("digest", flat=True))


def _remove_old_parts(organization_id: int) -> None:
    for part in store.made(organization_id, "parts").iterdir():
        name = _uuid(part.name)
        if _is_old(part) and not (name and Upload.objects.filter(pk=name).exists()):
            part.unlink(missing_ok=True)


def _remove_trees(organization_id: int) -> None:
    """Of versions that were deleted; and what was left half made, or was damaged, when jobs can't have it any more."""
    trees = store.made(organization_id, "trees")
    names = [tree.name for tree in trees.iterdir()]
    versions = Version.objects.filter(pk__in=[key for name in names if (key := _uuid(name))], deleted_at=None)
    kept = {str(key) for key in versions.values_list("pk", flat=True)}
    for name in names:
        if name not in kept and (_uuid(name) or _is_old(trees / name)):
            shutil.rmtree(trees / name, ignore_errors=True)


def _batches(of: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(of)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def _is_old(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime < time.time() - int(settings.ERA_UPLOAD_KEPT_HOURS) * 3600
    return False


def _uuid(name: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(name)
    return None
