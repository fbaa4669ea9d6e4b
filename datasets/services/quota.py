"""How much an organization may store: what is there and what is announced never come to more than its quota.

The row of its usage is locked by whoever adds to either, last of all locks.
"""

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.models import Organization, User
from accounts.services import audit
from datasets.models import Upload, Usage
from era_platform.common import clock
from era_platform.common.errors import QuotaExceeded
from era_platform.common.scopes import unscoped


@unscoped
def check_room(organization: Organization, more: int) -> None:
    """Raises QuotaExceeded where `more` bytes would be too many as things are; promises nothing."""
    usage = Usage.objects.filter(pk=organization.pk).first() or Usage(organization=organization)
    refuse_beyond(usage, more)


def refuse_beyond(usage: Usage, more: int, *, counted: int = 0) -> None:
    """Raises QuotaExceeded. Exact where the row is locked; `counted` bytes of `more` are among those announced."""
    quota = quota_of(usage)
    free = max(quota - usage.stored - announced(usage.organization_id) + counted, 0)
    if more > free:
        raise QuotaExceeded(
            _("{more} bytes more are too many: {free} of {quota} are free. Delete what is not needed, or ask the "
              "platform's operators for more.").format(more=more, free=free, quota=quota),
            more=more,
            free=free,
            quota=quota,
        )  # fmt: skip


def quota_of(usage: Usage) -> int:
    return settings.ERA_DATASET_QUOTA_BYTES if usage.quota is None else usage.quota


def announced(organization_id: int) -> int:
    """Bytes of files that are on their way; each counts in full from its first byte."""
    with scopes_disabled():
        return Upload.objects.filter(organization=organization_id).aggregate(sum=Sum("size"))["sum"] or 0


def lock_usage(organization_id: int) -> Usage:
    with scopes_disabled():
        locked = Usage.objects.select_for_update(of=("self",))
        usage = locked.filter(pk=organization_id).first()
        if usage is None:
            Usage.objects.bulk_create([Usage(organization_id=organization_id)], ignore_conflicts=True)
            usage = locked.get(pk=organization_id)
    return usage


def note_loosened(usage: Usage) -> None:
    """Part of a transaction that took a file from a version: its bytes may be nobody's now."""
    usage.loosened_at = clock.now()
    usage.save(update_fields=["loosened_at"])


def change(*, actor: User, organization: Organization, quota: int | None) -> None:
    """Give an organization a quota of its own (bytes), or with None the one for all. Part of the operators' pages."""
    with scopes_disabled():
        before = lock_usage(organization.pk).quota
        Usage.objects.filter(pk=organization.pk).update(quota=quota)
    audit.record(
        "storage.quota_changed",
        actor=actor,
        organization=organization,
        target=organization,
        before=before,
        quota=quota,
    )
