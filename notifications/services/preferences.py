"""What people choose to be told, and what they have read."""

from collections.abc import Mapping

from django.db import transaction
from django_scopes import scope

from accounts.models import Organization, User
from accounts.services import audit
from era_platform.common import clock
from notifications.models import Delivery, Kind, Preference
from notifications.selectors.preferences import Ways


@transaction.atomic
def choose(*, actor: User, organization: Organization, ways: Mapping[Kind, Ways], for_all: bool = False) -> None:
    """For the actor; `for_all`, for everybody in the organization who has chosen nothing."""
    rows = [
        Preference(organization=organization, user=None if for_all else actor, kind=kind, mail=way.mail, page=way.page)
        for kind, way in ways.items()
    ]
    with scope(organization=organization):
        Preference.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["organization", "user", "kind"],
            update_fields=["mail", "page"],
        )
    told = {kind.value: [name for name, on in way._asdict().items() if on] for kind, way in ways.items()}
    audit.record("notices.chosen", actor=actor, organization=organization, for_all=for_all, ways=told)


def mark_read(*, actor: User, organization: Organization, until: int | None = None) -> int:
    """Mark the actor's notices read, up to the delivery `until`: what came since is not. Returns how many."""
    with scope(organization=organization):
        mine = Delivery.objects.filter(user=actor, channel=Delivery.Channel.PAGE, read_at=None)
        if until is not None:
            mine = mine.filter(pk__lte=until)
        return mine.update(read_at=clock.now())
