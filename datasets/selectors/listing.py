"""Lists of datasets, as far as an organization may see them."""

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Organization
from datasets.models import Dataset, Grant, Version
from datasets.selectors.access import visible_to
from datasets.selectors.search import matching
from era_platform.common.scopes import unscoped

MINE, SHARED, PUBLIC, ALL = OWNERS = ("mine", "shared", "public", "all")


@unscoped
def with_latest(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """Adds `latest`, `files` and `size`: number, files and bytes of the last version, null where there is none."""
    last = Version.objects.filter(dataset=OuterRef("pk"), deleted_at=None, number__isnull=False).order_by("-number")
    return datasets.annotate(
        latest=Subquery(last.values("number")[:1]),
        files=Subquery(last.values("files")[:1]),
        size=Subquery(last.values("size")[:1]),
    )


@unscoped
def datasets_for(organization: Organization, *, owner: str = ALL, search: str = "", tag: str = "") -> QuerySet[Dataset]:
    """The last changed first, as `with_latest` gives them.

    `owner`: mine = the organization's own; shared = others', granted to it; public = all public ones.
    """
    found = visible_to(organization)
    if owner == MINE:
        found = found.filter(organization=organization)
    elif owner == SHARED:
        found = found.filter(visibility=Dataset.Visibility.SHARED).exclude(organization=organization)
    elif owner == PUBLIC:
        found = found.filter(visibility=Dataset.Visibility.PUBLIC)
    return with_latest(matching(found, search=search, tag=tag)).order_by("-updated_at", "-pk")


@unscoped
def grants_of(dataset: Dataset) -> list[Grant]:
    """By short name. Whether there is an organization of that name is for nobody to tell."""
    return list(Grant.objects.filter(dataset=dataset).select_related("created_by"))
