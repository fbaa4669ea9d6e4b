"""Datasets: made, described, shown to others or to nobody, and deleted where nobody needs them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.services import audit
from datasets import holds, store
from datasets.models import Dataset, Grant, Version
from datasets.services import drafts, indexing, quota
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput, NotFound
from era_platform.common.fields import BREAKS_TEXT, printable
from era_platform.common.scopes import unscoped

MOST_TAGS, LONGEST_TAG, LONGEST_DESCRIPTION, LONGEST_LICENCE = 20, 40, 100_000, 60
MOST_GRANTS = 1_000


@unscoped
@transaction.atomic(durable=True)
def create(
    *,
    actor: User,
    organization: Organization,
    name: str,
    description: str = "",
    licence: str = "",
    tags: Iterable[str] = (),
) -> Dataset:
    """A private dataset without versions. Raises InvalidInput, with code `taken` for a name that is in use."""
    dataset = Dataset(organization=organization, name=name, created_by=actor)
    _describe(dataset, {"description": description, "licence": licence, "tags": list(tags)})
    _check_field(dataset, "name")
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidInput(
            _("There is a dataset {name} already; choose another name.").format(name=name), field="name", code="taken"
        ) from error
    audit.record("dataset.created", actor=actor, organization=organization, target=dataset)
    return dataset


@unscoped
@transaction.atomic(durable=True)
def describe(
    *,
    actor: User,
    dataset: Dataset,
    description: str | None = None,
    licence: str | None = None,
    tags: Iterable[str] | None = None,
) -> Dataset:
    """Change what is given. Raises InvalidInput."""
    given = {"description": description, "licence": licence, "tags": None if tags is None else list(tags)}
    changed = {field: value for field, value in given.items() if value is not None}
    dataset = drafts.lock_dataset(dataset)
    _describe(dataset, changed)
    _save(dataset, *changed)
    audit.record(
        "dataset.described", actor=actor, organization=dataset.organization, target=dataset, fields=sorted(changed)
    )
    return dataset


@unscoped
@transaction.atomic(durable=True)
def set_visibility(*, actor: User, dataset: Dataset, visibility: str) -> Dataset:
    """Raises InvalidInput for what is no visibility."""
    dataset = drafts.lock_dataset(dataset)
    before, dataset.visibility = dataset.visibility, visibility
    _check_field(dataset, "visibility")
    _save(dataset, "visibility")
    audit.record(
        "dataset.visibility", actor=actor, organization=dataset.organization, target=dataset,
        before=before, visibility=visibility,
    )  # fmt: skip
    return dataset


@unscoped
@transaction.atomic(durable=True)
def grant(*, actor: User, dataset: Dataset, slug: str) -> Grant:
    """Share with the organization of this short name, once the dataset is `shared`. Tells nobody whether there is one.

    Granting twice changes nothing. Raises InvalidInput for what can be no short name.
    """
    dataset = drafts.lock_dataset(dataset)
    _check_slug(slug)
    if slug == dataset.organization.slug:
        raise InvalidInput(_("{slug} owns the dataset.").format(slug=slug), field="slug")
    if Grant.objects.filter(dataset=dataset).count() >= MOST_GRANTS:
        raise Conflict(_("It is shared with {most} organizations already.").format(most=MOST_GRANTS))
    found, is_new = Grant.objects.get_or_create(
        dataset=dataset,
        slug=slug,
        defaults={"granted_to": Organization.objects.filter(slug=slug).first(), "created_by": actor},
    )
    if is_new:
        audit.record("dataset.granted", actor=actor, organization=dataset.organization, target=dataset, to=slug)
    return found


@unscoped
@transaction.atomic(durable=True)
def revoke(*, actor: User, dataset: Dataset, slug: str) -> None:
    """Raises NotFound where it was not granted."""
    if BREAKS_TEXT.search(slug) or not Grant.objects.filter(dataset=dataset, slug=slug).delete()[0]:
        raise NotFound(_("{dataset} is not shared with {slug}.").format(dataset=dataset, slug=printable(slug)))
    audit.record("dataset.revoked", actor=actor, organization=dataset.organization, target=dataset, to=slug)


@unscoped
def delete(*, actor: User, dataset: Dataset) -> None:
    """With all its versions and drafts. Raises Conflict (code `in_use`) naming what needs one of them."""
    with transaction.atomic(durable=True):
        dataset = drafts.lock_dataset(dataset)
        uploads = _delete_versions(dataset)
        dataset.deleted_at = clock.now()
        dataset.save(update_fields=["deleted_at"])
        Grant.objects.filter(dataset=dataset).delete()
        indexing.note_due(dataset)
        quota.note_loosened(quota.lock_usage(dataset.organization_id))
        audit.record("dataset.deleted", actor=actor, organization=dataset.organization, target=dataset)
    store.remove_parts(dataset.organization_id, uploads)


@unscoped
@transaction.atomic(durable=True)
def delete_version(*, actor: User, version: Version) -> None:
    """Its number is not used again; its files go where no other version has them. Raises Conflict (code `in_use`)."""
    dataset = drafts.lock_dataset(version.dataset)
    locked = list(Version.objects.select_for_update().filter(pk=version.pk, deleted_at=None, number__isnull=False))
    if not locked:
        raise Conflict(_("{version} was deleted already, or is a draft.").format(version=version), code="gone")
    holds.refuse_if_held([version.pk], version.organization_id)
    Version.objects.filter(pk=version.pk).update(deleted_at=clock.now())
    indexing.note_due(dataset)
    quota.note_loosened(quota.lock_usage(version.organization_id))
    audit.record("dataset.version_deleted", actor=actor, organization=dataset.organization, target=version)


def _delete_versions(dataset: Dataset) -> list[UUID]:
    """The uploads of its drafts, whose parts are to go. Entries of published versions go when they are swept."""
    versions = list(Version.objects.select_for_update().filter(dataset=dataset, deleted_at=None).order_by("pk"))
    holds.refuse_if_held([version.pk for version in versions if not version.is_draft], dataset.organization_id)
    uploads = [upload for version in versions if version.is_draft for upload in drafts.discard(version)]
    Version.objects.filter(dataset=dataset, number__isnull=False, deleted_at=None).update(deleted_at=clock.now())
    return uploads


def _describe(dataset: Dataset, fields: dict[str, Any]) -> None:
    if "tags" in fields:
        fields["tags"] = _tags(fields["tags"])
    for name, most in (("description", LONGEST_DESCRIPTION), ("licence", LONGEST_LICENCE)):
        if len(fields.get(name, "")) > most:
            raise InvalidInput(_("At most {most} characters.").format(most=most), field=name)
    for field, value in fields.items():
        setattr(dataset, field, value)


def _tags(tags: list[str]) -> list[str]:
    """Each once, in small letters, in the order given."""
    clean = list(dict.fromkeys(" ".join(tag.lower().split()) for tag in tags))
    wrong = next((tag for tag in clean if not 1 <= len(tag) <= LONGEST_TAG), None)
    if wrong is not None:
        raise InvalidInput(
            _("{tag} is no tag: it needs 1 to {most} characters.").format(tag=repr(printable(wrong)), most=LONGEST_TAG),
            field="tags",
        )
    if len(clean) > MOST_TAGS:
        raise InvalidInput(
            _("{count} tags are more than {most}.").format(count=len(clean), most=MOST_TAGS), field="tags"
        )
    return clean


def _check_field(dataset: Dataset, field: str) -> None:
    try:
        Dataset._meta.get_field(field).clean(getattr(dataset, field), dataset)  # type: ignore[union-attr]
    except ValidationError as invalid:
        raise InvalidInput(" ".join(invalid.messages), field=field) from invalid


def _check_slug(slug: str) -> None:
    try:
        Organization._meta.get_field("slug").clean(slug, Organization())
    except ValidationError as invalid:
        raise InvalidInput(" ".join(invalid.messages), field="slug") from invalid


def _save(dataset: Dataset, *fields: str) -> None:
    dataset.updated_at = clock.now()
    dataset.save(update_fields=[*fields, "updated_at"])
