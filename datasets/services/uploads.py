"""Files that are on their way: announced, so that there will be room for them, and gone on with after a break."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from datasets import store
from datasets.models import Upload, Version
from datasets.services import drafting, quota
from datasets.services.files import check_path
from era_platform.common import clock
from era_platform.common.errors import Conflict
from era_platform.common.scopes import unscoped


@unscoped
def open(*, actor: User, version: Version, path: str, size: int) -> Upload:
    """The upload of this path and size: that which was begun before, or a new one in place of another size's.

    Raises Conflict (it is no draft any more), InvalidInput (a path), QuotaExceeded.
    """
    clean = check_path(path)
    with transaction.atomic(durable=True):
        drafting.lock_to_add(version)
        drafting.refuse_conflicts(version.pk, [clean])
        found = Upload.objects.select_for_update().filter(version=version, path=clean).first()
        if found and found.size == size:
            Upload.objects.filter(pk=found.pk).update(touched_at=clock.now())
            return found
        earlier = drafting.take_uploads(version, [clean])
        upload = _announce(actor, version, clean, size)
    store.remove_parts(version.organization_id, earlier)
    return upload


@unscoped
def touch(*, upload: Upload) -> None:
    """Bytes have come; once in a while is enough."""
    Upload.objects.filter(pk=upload.pk).update(touched_at=clock.now())


@unscoped
def discard(*, upload: Upload) -> None:
    """The upload and its part go, and the room it was to have is free again."""
    Upload.objects.filter(pk=upload.pk).delete()
    store.remove_parts(upload.organization_id, [upload.pk])


@unscoped
def sweep_abandoned() -> int:
    """Discard what nobody has gone on with for ERA_UPLOAD_KEPT_HOURS; how many these were."""
    before = clock.now() - timedelta(hours=settings.ERA_UPLOAD_KEPT_HOURS)
    abandoned = list(Upload.objects.filter(touched_at__lt=before)[:1000])
    for upload in abandoned:
        if Upload.objects.filter(pk=upload.pk, touched_at__lt=before).delete()[0]:
            store.remove_parts(upload.organization_id, [upload.pk])
    return len(abandoned)


def _announce(actor: User, version: Version, path: str, size: int) -> Upload:
    """Two who announce the same path at once find each other by the constraint; the one that waited has the row."""
    upload, is_new = Upload.objects.get_or_create(
        version=version,
        path=path,
        defaults={"organization": version.organization, "size": size, "created_by": actor},
    )
    if not is_new and upload.size != size:
        raise Conflict(
            _("Somebody else has just begun to upload {path}, with {size} bytes.").format(path=path, size=upload.size),
            code="upload_under_way",
        )
    quota.refuse_beyond(quota.lock_usage(version.organization_id), size, counted=size)
    return upload
