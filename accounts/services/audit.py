"""Writes the audit row that goes with each deliberate change, in the same transaction."""

from typing import Any

from django_scopes import scopes_disabled

from accounts.models import AuditEvent, Organization, User


def record(
    action: str, *, actor: User | None, organization: Organization | None = None, target: object = "", **detail: Any
) -> None:
    with scopes_disabled():
        AuditEvent.objects.create(
            organization=organization, actor=actor, action=action, target=str(target), detail=detail
        )
