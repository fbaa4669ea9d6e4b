"""What every page knows: the organization it shows, the reader's role in it, and the others to switch to."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Role, User
from accounts.selectors import memberships_of


def organizations(request: HttpRequest) -> dict[str, Any]:
    """`organization`, `membership` (None outside /o/<org>/), `can_write`, `is_owner`, `memberships` (lazy)."""
    membership = getattr(request, "membership", None)
    rank = Role(membership.role).rank if membership else 0
    user = getattr(request, "user", None)
    return {
        "organization": getattr(request, "organization", None),
        "membership": membership,
        "can_write": rank >= Role.MEMBER.rank,
        "is_owner": rank >= Role.OWNER.rank,
        "memberships": SimpleLazyObject(lambda: memberships_of(user)) if isinstance(user, User) else [],
    }
