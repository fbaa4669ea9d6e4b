"""What is chosen: by a person, else by the organization's owners, else by the platform."""

from collections.abc import Iterable
from typing import NamedTuple

from accounts.models import Organization
from notifications.models import Kind, Preference

BY_MAIL = frozenset({Kind.FAILED, Kind.REFUNDED, Kind.BUDGET, Kind.MAINTENANCE})
"""Mailed where nobody has chosen: what was not meant to happen. On the page is everything."""


class Ways(NamedTuple):
    mail: bool
    page: bool


def ways_of(organization: Organization, user_id: int | None) -> dict[Kind, Ways]:
    """Of each kind, for the person; for None, the organization's default."""
    return ways_of_many(organization.pk, [user_id])[user_id]


def ways_of_many(organization_id: int, users: Iterable[int | None]) -> dict[int | None, dict[Kind, Ways]]:
    rows = Preference.objects.filter(organization=organization_id)
    chosen = {(row.user_id, row.kind): Ways(row.mail, row.page) for row in rows}

    def ways(user: int | None, kind: Kind) -> Ways:
        default = chosen.get((None, kind)) or Ways(kind in BY_MAIL, True)
        return chosen.get((user, kind), default)

    return {user: {kind: ways(user, kind) for kind in Kind} for user in users}
