"""What jobs read: which versions their references stand for, whether these may still be read, and who needs them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.urls import reverse
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.models import Organization
from datasets.holds import Holder
from datasets.models import Dataset, Version
from datasets.references import LATEST, Reference
from datasets.selectors.access import visible_to
from datasets.uses import MOST_NAMED, Use, Uses
from jobs.models import Job, JobDataset
from jobs.states import ACTIVE, State

AT_ONCE = 100
"""References that one statement looks up."""
SHOWN = 50
OFFERED, VERSIONS_OFFERED = 200, 4
NEEDING = (State.RESERVED, *ACTIVE)


class Pinned(NamedTuple):
    """A version, and the folder of a job's ERA_INPUT_DIR in which it lies."""

    version_id: UUID
    path: str
    number: int

    @property
    def reference(self) -> str:
        return f"{self.path}@{self.number}"


@scopes_disabled()
def look_up(organization: Organization, references: Sequence[Reference], *, lock: bool) -> dict[Reference, Pinned]:
    """What they stand for now, without those that `organization` doesn't see or that are not there or not published.

    With `lock` these versions are not deleted before the transaction ends.
    """
    found: dict[Reference, Pinned] = {}
    for start in range(0, len(references), AT_ONCE):
        some = references[start : start + AT_ONCE]
        rows = list(_rows(_versions(organization, some), lock=lock))
        numbered = {(owner, name, number): version for version, owner, name, number in rows}
        newest = {(owner, name): number for _version, owner, name, number in sorted(rows, key=lambda row: row[3])}
        for one in some:
            number = newest.get((one.owner, one.name), 0) if one.version == LATEST else int(one.version)
            if version := numbered.get((one.owner, one.name, number)):
                found[one] = Pinned(version, f"{one.owner}/{one.name}", number)
    return found


def _versions(organization: Organization, references: Sequence[Reference]) -> QuerySet[Version]:
    published = Version.objects.filter(number__isnull=False, deleted_at=None)
    newest = published.filter(dataset=OuterRef("dataset")).order_by("-number").values("number")[:1]
    named = Q()
    for one in references:
        number = Subquery(newest) if one.version == LATEST else int(one.version)
        named |= Q(dataset__organization__slug=one.owner, dataset__name=one.name, number=number)
    return published.filter(named, dataset__in=visible_to(organization).values("pk")).order_by("pk")


def _rows(versions: QuerySet[Version], *, lock: bool) -> Iterator[tuple[Any, ...]]:
    """Id, owner, name and number. Django has no word for FOR KEY SHARE, by which those who lock hinder nobody else
    than who deletes."""
    columns = ("pk", "dataset__organization__slug", "dataset__name", "number")
    statement, values = versions.values_list(*columns).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement + (' FOR KEY SHARE OF "datasets_version"' if lock else ""), values)
        yield from cursor.fetchall()


@scopes_disabled()
def lost(job: Job) -> str:
    """The first of the job's datasets that its organization may not read any more; empty where it may read all."""
    if not job.datasets:
        return ""
    visible = visible_to(job.organization).values("pk")
    gone = JobDataset.objects.filter(job=job).exclude(version__dataset__in=visible, version__deleted_at=None)
    first = gone.first()
    return first.reference if first else ""


@scopes_disabled()
def inputs_of(job: Job) -> list[JobDataset]:
    return list(JobDataset.objects.filter(job=job).select_related("version")) if job.datasets else []


@scopes_disabled()
def holders(version_ids: Collection[UUID]) -> list[Holder]:
    """Jobs that need one of these versions: for `datasets.holds`. Some, where there are many."""
    needed = JobDataset.objects.filter(version__in=version_ids, job__state__in=NEEDING)
    own_first = Case(When(organization=F("version__organization"), then=0), default=1)
    named = needed.order_by(own_first, "job__start_at").values_list("organization_id", "job__name", "job_id")
    return [Holder(_("the job “{name}” ({id})").format(name=name, id=job), owner) for owner, name, job in named[:SHOWN]]


@scopes_disabled()
def uses(dataset_id: UUID, organization: str) -> Uses:
    """Which jobs of `organization` read the dataset, and for its owner how many organizations else had some that did:
    for `datasets.uses`."""
    of_it = JobDataset.objects.filter(version__dataset=dataset_id)
    own = of_it.filter(organization__slug=organization)
    newest = own.order_by("-job__submitted_at").select_related("job")[:MOST_NAMED]
    named = tuple(
        Use(one.job.name, reverse("job", args=[organization, one.job_id]), str(one.number), one.job.submitted_at)
        for one in newest
    )
    is_owner = Dataset.objects.filter(pk=dataset_id, organization__slug=organization).exists()
    others = of_it.exclude(organization__slug=organization).values("organization").distinct().count() if is_owner else 0
    return Uses(named, own.count(), others)


@scopes_disabled()
def own_names(organization: Organization) -> list[str]:
    """Names of the organization's datasets, those that changed last first."""
    own = Dataset.objects.filter(organization=organization, deleted_at=None).order_by("-updated_at")
    return list(own.values_list("name", flat=True)[:OFFERED])


@scopes_disabled()
def offered(organization: Organization) -> list[str]:
    """References to choose from, the organization's own first: each dataset, and its last few versions."""
    visible = visible_to(organization).filter(last_number__gte=1).order_by("-updated_at")[:OFFERED]
    datasets = sorted(visible, key=lambda one: one.organization_id != organization.pk)
    published = Version.objects.filter(dataset__in=datasets, number__isnull=False, deleted_at=None)
    numbers: dict[UUID, list[int]] = {}
    for dataset, number in published.order_by("-number").values_list("dataset_id", "number"):
        numbers.setdefault(dataset, []).append(number or 0)
    return [
        name
        for dataset in datasets
        for name in _names(f"{dataset.organization.slug}/{dataset.name}", numbers.get(dataset.pk, []))
    ]


def _names(path: str, numbers: Sequence[int]) -> Iterator[str]:
    if numbers:
        yield path
        yield from (f"{path}@{number}" for number in numbers[:VERSIONS_OFFERED])
