"""What all changes to drafts have in common: locks, and the statements that write many rows at once.

Locks, in this order: the organization's files (shared), dataset, version, blobs by digest, entries by path, usage.
Whoever adds to a draft shares its row with others who do; whoever publishes or removes it has it alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from datasets.models import Version
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput, TooLarge
from era_platform.common.locks import share_until_commit


@dataclass(frozen=True)
class Wanted:
    """A file that a version is to have; `path` is clean."""

    path: str
    digest: str
    size: int


def files_lock(organization_id: int) -> str:
    """Shared by whoever makes entries or blobs; what nobody has is swept by whoever has it alone."""
    return f"datasets.files.{organization_id}"


def lock_to_add(version: Version) -> None:
    """Until the transaction ends, `version` stays a draft, and no file of its organization is swept.

    Raises Conflict where it is none any more.
    """
    share_until_commit(files_lock(version.organization_id))
    found = _rows(
        """SELECT v.number FROM datasets_version v JOIN datasets_dataset d ON d.id = v.dataset_id
           WHERE v.id = %s AND v.deleted_at IS NULL AND d.deleted_at IS NULL FOR KEY SHARE OF v""",
        version.pk,
    )
    refuse_unless_draft(found[0][0] if found else None, is_there=bool(found))


def refuse_unless_draft(number: int | None, *, is_there: bool) -> None:
    if not is_there:
        raise Conflict(_("The draft is gone: somebody abandoned it."), code="draft_gone")
    if number is not None:
        raise Conflict(
            _("The draft was published as version {number}, and is not changed any more.").format(number=number),
            code="published",
        )


def refuse_conflicts(version_id: UUID, paths: Sequence[str]) -> None:
    """Raises InvalidInput where one of `paths` is a folder of another file, or lies in what is a file."""
    parents = {path: [path[:at] for at, letter in enumerate(path) if letter == "/"] for path in paths}
    files = set(paths)
    for path, above in parents.items():
        for parent in above:
            if parent in files:
                raise both_file_and_folder(parent, path)
    found = _rows(
        """SELECT e.path, '' FROM datasets_entry e WHERE e.version_id = %s AND e.path = ANY(%s)
           UNION ALL
           SELECT w.path, below.path FROM unnest(%s::text[]) AS w(path) CROSS JOIN LATERAL (
               SELECT e.path FROM datasets_entry e
               WHERE e.version_id = %s AND e.path > w.path || '/' AND e.path < w.path || '0' LIMIT 1
           ) below LIMIT 1""",
        version_id,
        list({parent for above in parents.values() for parent in above}),
        list(paths),
        version_id,
    )
    for parent, path in found:
        raise both_file_and_folder(parent, path or next(one for one in paths if one.startswith(f"{parent}/")))


def both_file_and_folder(parent: str, path: str) -> InvalidInput:
    return InvalidInput(
        _("{parent} is a file, so {path} can't lie in it; remove or rename one of them.").format(
            parent=repr(parent), path=repr(path)
        ),
        field="path",
        code="path_conflict",
    )


def add_blobs(organization_id: int, wanted: Collection[Wanted]) -> dict[str, int]:
    """Rows for files that the organization doesn't have yet; digest → size of those that are new."""
    sizes = {one.digest: one.size for one in wanted}
    added = _rows(
        """INSERT INTO datasets_blob (organization_id, digest, size, created_at)
           SELECT %s, w.digest, w.size, %s FROM unnest(%s::text[], %s::bigint[]) AS w(digest, size)
           ORDER BY w.digest COLLATE "C" ON CONFLICT DO NOTHING RETURNING digest, size""",
        organization_id,
        clock.now(),
        list(sizes),
        list(sizes.values()),
    )
    return dict(added)


def known(organization_id: int, digests: Collection[str]) -> dict[str, int]:
    """digest → size of those that the organization has."""
    return dict(
        _rows(
            "SELECT digest, size FROM datasets_blob WHERE organization_id = %s AND digest = ANY(%s)",
            organization_id,
            list(digests),
        )
    )


def set_entries(version: Version, wanted: Collection[Wanted]) -> int:
    """Let the draft have these files, in place of those it has at their paths; how many paths are new."""
    written = _rows(
        """INSERT INTO datasets_entry (version_id, path, blob_id)
           SELECT %s, w.path, b.id FROM unnest(%s::text[], %s::text[]) AS w(path, digest)
           JOIN datasets_blob b ON b.organization_id = %s AND b.digest = w.digest
           ORDER BY w.path COLLATE "C"
           ON CONFLICT (version_id, path) DO UPDATE SET blob_id = EXCLUDED.blob_id
           RETURNING (xmax = 0)""",
        version.pk,
        [one.path for one in wanted],
        [one.digest for one in wanted],
        version.organization_id,
    )
    return sum(is_new for (is_new,) in written)


def count(version: Version, more: int) -> None:
    """The draft has `more` files more, or fewer. Raises TooLarge beyond ERA_DATASET_MAX_FILES."""
    [(files,)] = _rows(
        "UPDATE datasets_version SET files = files + %s, changed_at = %s WHERE id = %s RETURNING files",
        more,
        clock.now(),
        version.pk,
    )
    if more > 0 and files > settings.ERA_DATASET_MAX_FILES:
        raise TooLarge(
            _("A version has at most {most} files; pack small ones together.").format(
                most=settings.ERA_DATASET_MAX_FILES
            ),
            code="too_many_files",
        )


def take_uploads(version: Version, paths: Collection[str] | None = None) -> list[UUID]:
    """Remove what was announced of these paths, or of all; the ids, whose parts are to go after the commit."""
    # A draft has few uploads, however many files are added to it.
    begun = _rows("SELECT id, path FROM datasets_upload WHERE version_id = %s", version.pk)
    wanted = None if paths is None else set(paths)
    done = [upload for upload, path in begun if wanted is None or path in wanted]
    if not done:
        return []
    found = _rows(
        """WITH done AS (SELECT id FROM datasets_upload WHERE id = ANY(%s) ORDER BY path FOR UPDATE)
           DELETE FROM datasets_upload USING done WHERE datasets_upload.id = done.id RETURNING datasets_upload.id""",
        done,
    )
    return [upload for (upload,) in found]


def _rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
