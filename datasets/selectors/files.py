"""The files of a version: listed, found, opened. None of this asks who may see the version: `access` has."""

from collections.abc import Iterator
from typing import IO
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from datasets import store
from datasets.models import Entry, Version
from era_platform.common.errors import NotFound
from era_platform.common.fields import printable
from era_platform.common.scopes import unscoped

AT_ONCE = 2_000
Listed = tuple[str, str, int]
"""Path, SHA-256, size of a file."""


@unscoped
def entries_of(version: Version, *, prefix: str = "", search: str = "") -> QuerySet[Entry]:
    """By path, with their blobs. `prefix`: only paths that begin so; `search`: that hold this, whatever its case."""
    entries = Entry.objects.filter(version=version).select_related("blob").order_by("path")
    if prefix:
        entries = entries.filter(path__startswith=prefix)
    if search:
        entries = entries.filter(path__icontains=search)
    return entries


@unscoped
def find_entry(version: Version, path: str) -> Entry:
    """With its blob. Raises NotFound."""
    found = None
    if "\0" not in path and len(path) <= 1024:
        found = Entry.objects.filter(version=version, path=path).select_related("blob").first()
    if found is None:
        raise NotFound(_("{version} has no file {path}.").format(version=version, path=repr(printable(path, 200))))
    return found


def open_entry(version: Version, entry: Entry) -> IO[bytes]:
    return store.blob_path(version.organization_id, entry.blob.digest).open("rb")


def listed(version_id: UUID, prefix: str = "") -> Iterator[Listed]:
    """All files by path, some thousand at a time; whoever goes through it slowly keeps no database connection."""
    last = ""
    while rows := _listed_after(version_id, prefix, last):
        yield from rows
        last = rows[-1][0]


@unscoped
def totals_of(versions: list[Version]) -> dict[UUID, tuple[int, int]]:
    """Version's id → how many files and bytes it has. Of drafts it is counted now."""
    totals = {version.pk: (version.files, version.size) for version in versions}
    drafts = [version.pk for version in versions if version.is_draft]
    if drafts:
        totals |= dict.fromkeys(drafts, (0, 0))
        counted = Entry.objects.filter(version__in=drafts).order_by().values_list("version")
        rows = counted.annotate(Count("pk"), Sum("blob__size"))
        totals |= {version: (files, size) for version, files, size in rows}
    return totals


@unscoped
def _listed_after(version_id: UUID, prefix: str, last: str) -> list[Listed]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT e.path, b.digest, b.size FROM datasets_entry e JOIN datasets_blob b ON b.id = e.blob_id
                   WHERE e.version_id = %s AND e.path > %s AND e.path >= %s AND starts_with(e.path, %s)
                   ORDER BY e.path LIMIT %s""",
                [version_id, last, prefix, prefix, AT_ONCE],
            )
            return list(cursor.fetchall())
    finally:
        if not connection.in_atomic_block:
            connection.close()  # a download takes long, and goes through many threads
