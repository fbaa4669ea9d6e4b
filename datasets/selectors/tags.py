"""The tags that a list of datasets can be narrowed down by."""

from collections import Counter

from django.db.models import QuerySet

from datasets.models import Dataset
from era_platform.common.scopes import unscoped

MOST_COUNTED = 2_000
"""So many datasets are looked at."""


@unscoped
def tags_of(datasets: QuerySet[Dataset], most: int) -> list[str]:
    """Those that most of the datasets have."""
    counted = Counter(tag for tags in datasets.values_list("tags", flat=True)[:MOST_COUNTED] for tag in tags)
    return [tag for tag, _count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:most]]
