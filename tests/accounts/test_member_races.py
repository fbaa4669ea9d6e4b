"""Two owners who go at the same moment: one of them has to stay."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django_scopes import scope

from accounts.models import Membership, Role
from accounts.services import memberships
from era_platform.common.errors import Conflict
from tests.factories import a_tenant, a_user, join


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_leave_at_once() -> None:
    ours = a_tenant("ours")
    join(ours.organization, second := a_user(), Role.OWNER)
    together = Barrier(2)
    with scope(organization=ours.organization):
        owners = list(Membership.objects.select_related("user", "organization").filter(role=Role.OWNER))

    def leave(membership: Membership) -> bool:
        try:
            together.wait(30)
            memberships.remove(actor=membership.user, membership=membership)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        left = list(threads.map(leave, owners))
    assert sorted(left) == [False, True]
    with scope(organization=ours.organization):
        remaining = Membership.objects.get(role=Role.OWNER)
    assert remaining.user in (ours.owner, second)
