"""One folder of a version, grouped and ordered by the database: a version may have a hundred thousand files."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Count, Sum

from datasets.browsing import MOST_LINES, Asked, Found
from datasets.models import Entry, Version
from era_platform.common.scopes import unscoped

_GROUPED = """
SELECT left(path, %(length)s) || name AS path, sum(size)::bigint AS size,
       CASE WHEN bool_or(is_below) THEN count(*) ELSE 0 END AS files
FROM (
    SELECT entry.path, blob.size, split_part(substr(entry.path, %(length)s + 1), '/', 1) AS name,
           strpos(substr(entry.path, %(length)s + 1), '/') > 0 AS is_below
    FROM datasets_entry entry JOIN datasets_blob blob ON blob.id = entry.blob_id
    WHERE entry.version_id = %(version)s AND entry.path >= %(prefix)s AND entry.path < %(beyond)s
) below
GROUP BY 1
ORDER BY bool_or(is_below) DESC, {order}
LIMIT %(limit)s OFFSET %(start)s
"""
_FOUND = """
SELECT entry.path, blob.size, 0 AS files
FROM datasets_entry entry JOIN datasets_blob blob ON blob.id = entry.blob_id
WHERE entry.version_id = %(version)s AND entry.path >= %(prefix)s AND entry.path < %(beyond)s
      AND strpos(lower(entry.path), lower(%(search)s)) > 0
ORDER BY {order}
LIMIT %(limit)s OFFSET %(start)s
"""
_ORDERS = {"name": "path", "-name": "path DESC", "size": "size, path", "-size": "size DESC, path"}
LAST = "\U0010ffff"


def folder_lines(version: Version, asked: Asked) -> tuple[list[Found], bool]:
    """What lies in the folder from `asked.start` on, and whether there is more. Folders come first."""
    query = (_FOUND if asked.search else _GROUPED).format(order=_ORDERS[asked.sort])
    prefix, beyond = _range(asked.folder)
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "version": version.pk,
                "prefix": prefix,
                "beyond": beyond,
                "length": len(prefix),
                "search": asked.search,
                "limit": MOST_LINES + 1,
                "start": asked.start,
            },
        )
        rows = [Found(path, size, files) for path, size, files in cursor.fetchall()]
    return rows[:MOST_LINES], len(rows) > MOST_LINES


@unscoped
def below(version: Version, folder: str) -> tuple[int, int]:
    """How many files lie in the folder and in those in it, and their bytes."""
    prefix, beyond = _range(folder)
    entries = Entry.objects.filter(version=version, path__gte=prefix, path__lt=beyond)
    told = entries.aggregate(count=Count("pk"), total=Sum("blob__size"))
    return told["count"], told["total"] or 0


@unscoped
def existing(version: Version, paths: Collection[str]) -> set[str]:
    """Which of `paths` are files of the version."""
    return set(Entry.objects.filter(version=version, path__in=list(paths)).values_list("path", flat=True))


def _range(folder: str) -> tuple[str, str]:
    """The least path below the folder, and one beyond all of them, in the order of their bytes."""
    return (f"{folder}/", f"{folder}0") if folder else ("", LAST)
