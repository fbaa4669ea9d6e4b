"""Roles change, people go, and an owner always stays."""

import pytest
from django_scopes import scope

from accounts.models import AuditEvent, Membership, Role, User
from accounts.selectors import memberships_of
from accounts.services import memberships
from era_platform.common.errors import Conflict, NotFound
from tests.factories import Tenant, a_token, join, with_token


def membership(tenant: Tenant, user: User) -> Membership:
    with scope(organization=tenant.organization):
        return Membership.objects.select_related("user", "organization").get(user=user)


def actions(tenant: Tenant) -> list[str]:
    with scope(organization=tenant.organization):
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_role_can_be_changed(ours: Tenant) -> None:
    memberships.change_role(actor=ours.owner, membership=membership(ours, ours.viewer), role=Role.OWNER)
    assert membership(ours, ours.viewer).role == "owner"
    assert actions(ours)[-1] == "member.role_changed"


def test_the_last_owner_stays_an_owner(ours: Tenant) -> None:
    last = membership(ours, ours.owner)
    for role in (Role.MEMBER, Role.VIEWER):
        with pytest.raises(Conflict, match="last owner"):
            memberships.change_role(actor=ours.owner, membership=last, role=role)
    assert membership(ours, ours.owner).role == "owner"


def test_the_last_owner_cannot_leave_until_there_is_another(ours: Tenant) -> None:
    with pytest.raises(Conflict) as caught:
        memberships.remove(actor=ours.owner, membership=membership(ours, ours.owner))
    assert caught.value.code == "last_owner"
    memberships.change_role(actor=ours.owner, membership=membership(ours, ours.member), role=Role.OWNER)
    memberships.remove(actor=ours.owner, membership=membership(ours, ours.owner))
    assert actions(ours)[-1] == "member.left"


def test_who_is_removed_is_out_and_so_are_the_tokens_for_this_organization_only(ours: Tenant, theirs: Tenant) -> None:
    personal = memberships_of(ours.member)[0].organization
    here, elsewhere = with_token(ours.token()), with_token(a_token(ours.member, personal))
    others = ours.api("viewer")
    memberships.remove(actor=ours.owner, membership=membership(ours, ours.member))
    assert [client.get("/api/v1/wallet").status_code for client in (here, elsewhere, others)] == [401, 200, 200]
    assert ours.client().get(ours.page("wallet/")).status_code == 404
    assert actions(ours)[-1] == "member.removed"


def test_coming_back_does_not_bring_old_tokens_back(ours: Tenant) -> None:
    old = with_token(ours.token())
    memberships.remove(actor=ours.owner, membership=membership(ours, ours.member))
    join(ours.organization, ours.member, Role.MEMBER)
    assert old.get("/api/v1/wallet").status_code == 401
    assert ours.api().get("/api/v1/wallet").status_code == 200


def test_removing_twice_says_so(ours: Tenant) -> None:
    gone = membership(ours, ours.viewer)
    memberships.remove(actor=ours.owner, membership=gone)
    with pytest.raises(NotFound):
        memberships.remove(actor=ours.owner, membership=gone)


def test_an_owner_manages_members_on_the_page(ours: Tenant) -> None:
    client = ours.client("owner")
    member, viewer = (membership(ours, user).pk for user in (ours.member, ours.viewer))
    assert client.post(ours.page(f"members/{viewer}/role/"), {"role": "member"}).status_code == 302
    assert membership(ours, ours.viewer).role == "member"
    assert client.post(ours.page(f"members/{viewer}/role/"), {"role": "emperor"}).status_code == 400
    assert client.post(ours.page(f"members/{member}/remove/")).status_code == 302
    with pytest.raises(Membership.DoesNotExist):
        membership(ours, ours.member)


def test_the_last_owner_is_told_on_a_page(ours: Tenant) -> None:
    answer = ours.client("owner").post(ours.page("members/leave/"))
    assert (answer.status_code, answer.templates[0].name) == (409, "problem.html")
    assert "make somebody else an owner first" in answer.content.decode()


def test_another_tenants_member_cannot_be_touched(ours: Tenant, theirs: Tenant) -> None:
    stranger = membership(theirs, theirs.viewer).pk
    client = ours.client("owner")
    assert client.post(ours.page(f"members/{stranger}/remove/")).status_code == 404
    assert client.post(ours.page(f"members/{stranger}/role/"), {"role": "owner"}).status_code == 404
    assert membership(theirs, theirs.viewer).role == "viewer"


def test_the_page_names_our_people_and_nobody_elses(ours: Tenant, theirs: Tenant) -> None:
    page = ours.client("viewer").get(ours.page("members/")).content.decode()
    assert all(user.email in page for user in (ours.owner, ours.member, ours.viewer))
    assert "theirs" not in page
