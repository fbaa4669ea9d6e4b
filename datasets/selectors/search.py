"""Finds datasets by what is said of them and by the paths of their files: words, parts of words, and with slips.

Only among datasets that the caller has narrowed down to what may be seen: what is hidden is not even looked at.
"""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from datasets.models import Dataset
from era_platform.common.scopes import unscoped

SHORTEST = 3
"""Letters; shorter texts are looked for in names and tags alone."""
ALIKE = 0.4
"""Part of the threes of letters of a text that a name must have to be taken for it."""

_WORDS = """
    datasets_dataset.words @@ (websearch_to_tsquery('simple', %s) || websearch_to_tsquery('english', %s))
"""
_PART = """
    (datasets_dataset.trigrams @> era_trigrams(%s)
     AND strpos(lower(datasets_dataset.name || ' ' || array_to_string(datasets_dataset.tags, ' ') || ' '
                || datasets_dataset.licence || ' ' || datasets_dataset.description), lower(%s)) > 0)
"""
_SHORT = """
    strpos(datasets_dataset.name || ' ' || array_to_string(datasets_dataset.tags, ' '), lower(%s)) > 0
"""
# Ranges first, by their index; then entries, of these ranges only.
_PATHS = """
    SELECT r.dataset_id FROM datasets_pathrange r
    JOIN datasets_version v ON v.id = r.version_id AND v.deleted_at IS NULL
    WHERE r.dataset_id = ANY(%s) AND r.trigrams @> era_trigrams(%s) AND EXISTS (
        SELECT 1 FROM datasets_entry e WHERE e.version_id = r.version_id
        AND e.path >= r.first_path AND e.path <= r.last_path AND strpos(lower(e.path), lower(%s)) > 0
    )
"""
_ALIKE = """
    SELECT d.id FROM datasets_dataset d, (SELECT era_word_trigrams(%s) AS wanted) q
    WHERE d.id = ANY(%s) AND d.trigrams && q.wanted AND (
        SELECT count(*) FROM unnest(era_word_trigrams(d.name || ' ' || array_to_string(d.tags, ' '))) AS t
        WHERE t = ANY(q.wanted)
    ) >= %s * cardinality(q.wanted)
"""


@unscoped
def matching(queryset: QuerySet[Dataset], *, search: str = "", tag: str = "") -> QuerySet[Dataset]:
    """Those of `queryset` that have the tag, and of which the words, a part of a text, or a part of a path was said.

    Where there are none, those whose names or tags are spelt nearly so.
    """
    if tag:
        queryset = queryset.filter(tags__contains=[tag.lower()])
    search = " ".join(search.split())
    if not search:
        return queryset
    found = queryset.filter(_said(search) | Q(pk__in=_by_path(queryset, search)))
    return found if found.exists() else queryset.filter(pk__in=_alike(queryset, search))


def _said(search: str) -> Q:
    words = _condition(_WORDS, search, search)
    # Two letters of Chinese are a word; two of English are in every text.
    by_part = len(search) >= SHORTEST or not search.isascii()
    return words | (_condition(_PART, search, search) if by_part else _condition(_SHORT, search))


def _condition(sql: str, *values: str) -> Q:
    return Q(RawSQL(sql, values, output_field=BooleanField()))


def _by_path(queryset: QuerySet[Dataset], search: str) -> list[Any]:
    if len(search) < SHORTEST:
        return []
    return _ids(_PATHS, _keys(queryset), search, search)


def _alike(queryset: QuerySet[Dataset], search: str) -> list[Any]:
    return _ids(_ALIKE, search, _keys(queryset), ALIKE)


def _keys(queryset: QuerySet[Dataset]) -> list[Any]:
    return list(queryset.order_by().values_list("pk", flat=True))


def _ids(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
