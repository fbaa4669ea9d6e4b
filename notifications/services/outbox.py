"""Puts what happened into the outbox. Called within the transaction in which it happens: both are there, or neither."""

from typing import Any
from uuid import UUID

from django_scopes import scopes_disabled

from accounts.models import Organization
from notifications.models import Kind, Notice


def tell(
    kind: Kind,
    *,
    organization: Organization,
    key: str,
    job: UUID | None = None,
    person: int | None = None,
    **detail: Any,
) -> None:
    """One notice. `key` says what it is about (`budget/<id>/2026-11/80`): the second one of the same key is dropped.

    `person` is the id of whom it is about; without one, the organization's owners are told.
    `detail` is JSON: amounts as decimal strings of credits, times in ISO 8601.
    """
    with scopes_disabled():
        notice = Notice(organization=organization, kind=kind, key=key, job=job, person_id=person, detail=detail)
        Notice.objects.bulk_create([notice], ignore_conflicts=True)
