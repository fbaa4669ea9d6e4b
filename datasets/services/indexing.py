"""Keeps the index by which paths are found: that of each dataset's last version, made after its publication."""

from django.db import connection, transaction

from datasets.models import Dataset, PathRange, Version
from era_platform.common import clock
from era_platform.common.scopes import unscoped

IN_A_RANGE = 1_000
AT_ONCE = 20_000
"""Paths in one statement."""

_ADD = """
    INSERT INTO datasets_pathrange (dataset_id, version_id, first_path, last_path, trigrams)
    SELECT %s, %s, min(path), max(path), array_agg(DISTINCT trigram)
    FROM (
        SELECT path, (row_number() OVER (ORDER BY path) - 1) / %s AS range FROM (
            SELECT path FROM datasets_entry WHERE version_id = %s AND path > %s ORDER BY path LIMIT %s
        ) taken
    ) numbered CROSS JOIN LATERAL unnest(era_trigrams(path)) AS trigram
    GROUP BY range
"""
_LAST = """
    SELECT max(path), count(*) FROM (
        SELECT path FROM datasets_entry WHERE version_id = %s AND path > %s ORDER BY path LIMIT %s
    ) taken
"""


def note_due(dataset: Dataset) -> None:
    """Part of a transaction that gives a dataset another last version."""
    Dataset.objects.filter(pk=dataset.pk).update(index_due_at=clock.now())


@unscoped
def index_due() -> int:
    """Index what has been published or deleted since; how many datasets these were."""
    due = list(Dataset.objects.filter(index_due_at__isnull=False).order_by("index_due_at"))
    for dataset in due:
        _index(dataset)
    return len(due)


def _index(dataset: Dataset) -> None:
    """Anew. A dataset that is deleted meanwhile, or has a newer version, is due again."""
    versions = Version.objects.filter(dataset=dataset, deleted_at=None, number__isnull=False)
    last = versions.order_by("-number").first() if dataset.deleted_at is None else None
    PathRange.objects.filter(dataset=dataset).delete()
    if last:
        _add_ranges(dataset, last)
    Dataset.objects.filter(pk=dataset.pk, index_due_at=dataset.index_due_at).update(index_due_at=None)


def _add_ranges(dataset: Dataset, version: Version) -> None:
    after, count = "", AT_ONCE
    while count == AT_ONCE:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ADD, [dataset.pk, version.pk, IN_A_RANGE, version.pk, after, AT_ONCE])
            cursor.execute(_LAST, [version.pk, after, AT_ONCE])
            after, count = cursor.fetchone()
