"""What differs between two versions of a dataset."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from datasets.models import Version
from era_platform.common.errors import InvalidInput

MOST = 1_000
ADDED, REMOVED, CHANGED = KINDS = ("added", "removed", "changed")

_DIFFERENT = """
    SELECT COALESCE(n.path, o.path) AS path,
           CASE WHEN o.path IS NULL THEN 'added' WHEN n.path IS NULL THEN 'removed' ELSE 'changed' END AS kind,
           n.blob_id AS now, o.blob_id AS before
    FROM (SELECT path, blob_id FROM datasets_entry WHERE version_id = %s) n
    FULL JOIN (SELECT path, blob_id FROM datasets_entry WHERE version_id = %s) o ON o.path = n.path
    WHERE n.blob_id IS DISTINCT FROM o.blob_id
"""


@dataclass(frozen=True)
class Difference:
    """Of one path; sizes in bytes, None and "" on the side where there is no file."""

    path: str
    change: str
    size: int | None
    sha256: str
    size_before: int | None
    sha256_before: str


@dataclass(frozen=True)
class Diff:
    """How many files of each kind, and the first MOST of them by path."""

    counts: dict[str, int]
    files: list[Difference]

    @property
    def truncated(self) -> bool:
        return sum(self.counts.values()) > len(self.files)


def diff(version: Version, against: Version, *, most: int = MOST) -> Diff:
    """From `against` to `version`. Raises InvalidInput where they are of different organizations."""
    if version.organization_id != against.organization_id:
        raise InvalidInput(_("Only versions of the same dataset are compared."), field="against")
    counted = _rows(f"SELECT kind, count(*) FROM ({_DIFFERENT}) d GROUP BY kind", version.pk, against.pk)
    files = _rows(
        f"""SELECT d.path, d.kind, n.size, COALESCE(n.digest, ''), o.size, COALESCE(o.digest, '') FROM ({_DIFFERENT}) d
            LEFT JOIN datasets_blob n ON n.id = d.now LEFT JOIN datasets_blob o ON o.id = d.before
            ORDER BY d.path LIMIT %s""",
        version.pk,
        against.pk,
        most,
    )
    return Diff(dict.fromkeys(KINDS, 0) | dict(counted), [Difference(*row) for row in files])


def _rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
