"""Drafts: begun, perhaps from an earlier version's files, changed, and then published for good or abandoned."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from datasets import store
from datasets.models import Dataset, Version
from datasets.services import drafting, indexing, manifests, quota
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput, NotFound
from era_platform.common.locks import share_until_commit
from era_platform.common.scopes import unscoped

MOST_DRAFTS = 20


@unscoped
@transaction.atomic(durable=True)
def begin(*, actor: User, dataset: Dataset, base: Version | None = None, note: str = "") -> Version:
    """A new draft, empty or with all files of `base`, a published version of the same organization's.

    Raises Conflict where the dataset was deleted, or has MOST_DRAFTS already.
    """
    share_until_commit(drafting.files_lock(dataset.organization_id))
    dataset = lock_dataset(dataset)
    if Version.objects.filter(dataset=dataset, number=None).count() >= MOST_DRAFTS:
        raise Conflict(
            _("There are {most} drafts already; publish or abandon one of them.").format(most=MOST_DRAFTS),
            code="too_many_drafts",
        )
    draft = Version.objects.create(organization=dataset.organization, dataset=dataset, note=note, created_by=actor)
    if base:
        _copy_entries(base, draft)
    return draft


@unscoped
def abandon(*, actor: User, version: Version) -> None:
    """The draft with its entries and uploads goes. Raises Conflict where it is none any more."""
    with transaction.atomic(durable=True):
        lock_alone(version)
        uploads = discard(version)
        quota.note_loosened(quota.lock_usage(version.organization_id))
        audit.record(
            "dataset.draft_abandoned", actor=actor, organization=version.organization, target=version.dataset,
            draft=str(version.pk),
        )  # fmt: skip
    store.remove_parts(version.organization_id, uploads)


@unscoped
@transaction.atomic(durable=True)
def remove_files(*, actor: User, version: Version, paths: Collection[str] = (), prefix: str = "") -> int:
    """Take `paths`, and all that lies in the folder `prefix`, from the draft; how many files these were.

    Raises Conflict where it is no draft any more.
    """
    drafting.lock_to_add(version)
    removed = _remove_entries(version, list(paths), f"{prefix.rstrip('/')}/" if prefix else "")
    if removed:
        drafting.count(version, -removed)
        quota.note_loosened(quota.lock_usage(version.organization_id))
    return removed


@unscoped
def publish(*, actor: User, version: Version, note: str | None = None) -> Version:
    """The draft becomes its dataset's next version and is never changed again. What is still on its way is dropped.

    Raises Conflict where it is no draft any more or has no files, InvalidInput where a file is also a folder.
    """
    with transaction.atomic(durable=True):
        dataset = lock_dataset(version.dataset)
        published = lock_alone(version)
        uploads = drafting.take_uploads(version)
        _number(dataset, published, note)
        audit.record(
            "dataset.published", actor=actor, organization=dataset.organization, target=published,
            files=published.files, size=published.size, sha256=published.digest,
        )  # fmt: skip
    store.remove_parts(version.organization_id, uploads)
    return published


def lock_dataset(dataset: Dataset) -> Dataset:
    """As it is now, alone. Raises NotFound where it was deleted."""
    locked = Dataset.objects.select_for_update(of=("self",)).select_related("organization")
    found = locked.filter(pk=dataset.pk, deleted_at=None).first()
    if found is None:
        raise NotFound(_("The dataset {dataset} was deleted.").format(dataset=dataset))
    return found


def lock_alone(version: Version) -> Version:
    """The draft as it is now, when nobody adds to it any more. Raises Conflict where it is none."""
    locked = Version.objects.select_for_update(of=("self",)).select_related("dataset__organization", "created_by")
    found = locked.filter(pk=version.pk, deleted_at=None).first()
    drafting.refuse_unless_draft(found.number if found else None, is_there=found is not None)
    assert found is not None
    return found


def discard(version: Version) -> list[UUID]:
    """Remove a draft that is locked, by statement: it may have a million files. The ids of its uploads."""
    uploads = drafting.take_uploads(version)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM datasets_entry WHERE version_id = %s", [version.pk])
        cursor.execute("DELETE FROM datasets_version WHERE id = %s", [version.pk])
    return uploads


def _number(dataset: Dataset, version: Version, note: str | None) -> None:
    manifest = manifests.measure(version.pk)
    if not manifest.files:
        raise Conflict(_("The draft has no files; add some before you publish it."), code="empty")
    dataset.last_number += 1
    dataset.updated_at = version.published_at = version.changed_at = clock.now()
    dataset.save(update_fields=["last_number", "updated_at"])
    indexing.note_due(dataset)
    version.dataset, version.number = dataset, dataset.last_number
    version.files, version.size, version.digest = manifest.files, manifest.size, manifest.digest
    version.note = version.note if note is None else note
    version.save(update_fields=["number", "files", "size", "digest", "note", "published_at", "changed_at"])


def _copy_entries(base: Version, draft: Version) -> None:
    if base.organization_id != draft.organization_id:
        raise InvalidInput(_("A draft can only begin from a version of your own."), field="base")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM datasets_version WHERE id = %s AND number IS NOT NULL AND deleted_at IS NULL FOR KEY SHARE",
            [base.pk],
        )
        if cursor.fetchone() is None:
            raise Conflict(_("The version to begin from is a draft, or was deleted."), code="base_gone")
        cursor.execute(
            """INSERT INTO datasets_entry (version_id, path, blob_id)
               SELECT %s, path, blob_id FROM datasets_entry WHERE version_id = %s""",
            [draft.pk, base.pk],
        )
        drafting.count(draft, cursor.rowcount)
        draft.files = cursor.rowcount


def _remove_entries(version: Version, paths: list[str], folder: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH gone AS (
                   SELECT id FROM datasets_entry WHERE version_id = %s
                   AND (path = ANY(%s) OR (%s <> '' AND starts_with(path, %s))) ORDER BY path FOR UPDATE
               )
               DELETE FROM datasets_entry USING gone WHERE datasets_entry.id = gone.id""",
            [version.pk, paths, folder, folder],
        )
        return int(cursor.rowcount)
