"""The doors to datasets: each gives back what the caller may see or change, and raises where it may not.

What is not visible is NotFound, like what isn't there; what is visible but another organization's is Forbidden to
change. All of these look beyond the organization's scope, so they need none to be open.
"""

import re
from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import guards
from accounts.models import Membership, Organization, Role
from datasets.models import Dataset, Grant, Version
from datasets.references import LATEST as LATEST
from datasets.references import Reference as Reference
from datasets.references import parse_reference as parse_reference
from era_platform.common.errors import Conflict, Forbidden, NotFound
from era_platform.common.fields import BREAKS_TEXT, printable
from era_platform.common.scopes import unscoped

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@unscoped
def visible_to(organization: Organization) -> QuerySet[Dataset]:
    """Its own, those granted to it, and public ones; not deleted ones."""
    granted = Grant.objects.filter(granted_to=organization).values("dataset")
    return (
        Dataset.objects.filter(deleted_at=None)
        .filter(
            Q(organization=organization)
            | Q(visibility=Dataset.Visibility.PUBLIC)
            | Q(visibility=Dataset.Visibility.SHARED, pk__in=granted)
        )
        .select_related("organization")
    )


@unscoped
def find_dataset(organization: Organization, owner_slug: str, name: str) -> Dataset:
    """The dataset as `organization` may see it. Raises NotFound."""
    can_be_asked = not BREAKS_TEXT.search(owner_slug + name)
    found = visible_to(organization).filter(organization__slug=owner_slug, name=name).first() if can_be_asked else None
    if found is None:
        raise NotFound(_missing(owner_slug, name))
    return found


@unscoped
def by_id(dataset_id: UUID) -> QuerySet[Dataset]:
    """One that was found before, to be read anew."""
    return Dataset.objects.filter(pk=dataset_id).select_related("organization")


def own_dataset(membership: Membership, owner_slug: str, name: str, *, at_least: Role = Role.MEMBER) -> Dataset:
    """For changing it. Raises NotFound, or Forbidden where it is another organization's or the role is too low."""
    dataset = find_dataset(membership.organization, owner_slug, name)
    if dataset.organization_id != membership.organization_id:
        raise Forbidden(
            _("{owner}/{name} belongs to another organization; you can only read it.").format(
                owner=owner_slug, name=name
            )
        )
    guards.require(membership, at_least)
    return dataset


def find_version(organization: Organization, owner_slug: str, name: str, version: str = LATEST) -> Version:
    """`version` is a number, `latest`, or a draft's id (of one's own dataset). Raises NotFound."""
    return version_of(organization, find_dataset(organization, owner_slug, name), version)


@unscoped
def version_of(organization: Organization, dataset: Dataset, version: str) -> Version:
    """The same where the dataset has been found already."""
    versions = versions_of(organization, dataset)
    if version == LATEST:
        found = versions.filter(number__isnull=False).order_by("-number").first()
    elif _NUMBER.fullmatch(version):
        found = versions.filter(number=int(version)).first()
    else:
        found = versions.filter(pk=key).first() if (key := _uuid(version)) else None
    if found is None:
        raise NotFound(_no_version(dataset, version))
    found.dataset = dataset
    return found


@unscoped
def versions_of(organization: Organization, dataset: Dataset) -> QuerySet[Version]:
    """Those that the organization may see, drafts first, then from the last: drafts are for their owner only."""
    versions = Version.objects.filter(dataset=dataset, deleted_at=None).select_related("created_by")
    if dataset.organization_id != organization.pk:
        versions = versions.filter(number__isnull=False)
    return versions


@unscoped
def before(organization: Organization, version: Version) -> Version:
    """The published version before this one; for a draft, the last. Raises NotFound where there is none."""
    earlier = versions_of(organization, version.dataset).filter(number__isnull=False).order_by("-number")
    if version.number is not None:
        earlier = earlier.filter(number__lt=version.number)
    found = earlier.first()
    if found is None:
        raise NotFound(_("There is no version before {version}.").format(version=version))
    found.dataset = version.dataset
    return found


@unscoped
def find_draft(membership: Membership, version_id: UUID) -> Version:
    """A draft of one's own organization, to be changed. Raises NotFound, Forbidden (role), Conflict (published)."""
    found = (
        Version.objects.filter(
            pk=version_id, organization=membership.organization, deleted_at=None, dataset__deleted_at=None
        )
        .select_related("dataset__organization", "created_by")
        .first()
    )
    if found is None:
        raise NotFound(_("There is no draft {id}.").format(id=version_id))
    guards.require(membership, Role.MEMBER)
    if not found.is_draft:
        raise Conflict(is_published(found), code="published")
    return found


def pin(organization: Organization, references: Iterable[Reference]) -> list[Version]:
    """Published versions as `organization` may see them now, kept from being deleted until the transaction ends.

    For whoever writes down in the same transaction that it needs them. Raises NotFound; Conflict for a draft.
    """
    found = [find_version(organization, one.owner, one.name, one.version) for one in references]
    for version in found:
        if version.is_draft:
            raise Conflict(_("{version} is a draft; publish it first.").format(version=version), code="draft")
    kept = _share({version.pk for version in found})
    for version in found:
        if version.pk not in kept:
            raise NotFound(_no_version(version.dataset, str(version.number)))
    return found


def is_published(version: Version) -> str:
    return _("{version} is published, and is not changed any more; begin a draft.").format(version=version)


def _share(ids: set[UUID]) -> set[UUID]:
    """Lock the rows against deletion, which waits until we are done and then asks who needs them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM datasets_version WHERE id = ANY(%s) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE",
            [list(ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _missing(owner_slug: str, name: str) -> str:
    return _("There is no dataset {owner}/{name}, or it is not shared with you.").format(
        owner=printable(owner_slug), name=printable(name)
    )


def _no_version(dataset: Dataset, version: str) -> str:
    return _("{dataset} has no version {version}.").format(dataset=dataset, version=printable(version))
