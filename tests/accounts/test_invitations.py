"""An invitation works once, for one person, while it is open."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django_scopes import scope

from accounts.models import Invitation, Membership, Role, User
from accounts.services import invitations
from era_platform.common import clock
from era_platform.common.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.factories import Tenant, a_user, signed_in

NEW = "new@example.com"


def invite(tenant: Tenant, email: str = NEW, role: Role = Role.MEMBER) -> str:
    """The secret of a new invitation's link."""
    _invitation, link = invitations.invite(actor=tenant.owner, organization=tenant.organization, email=email, role=role)
    return link.rstrip("/").rsplit("/", 1)[1]


def only_invitation(tenant: Tenant) -> Invitation:
    with scope(organization=tenant.organization):
        return Invitation.objects.select_related("organization").get()


def refused(code: str, secret: str, email: str = NEW) -> None:
    user = a_user(email)
    with pytest.raises((Conflict, Forbidden)) as caught:
        invitations.accept(actor=user, secret=secret)
    assert caught.value.code == code


def test_the_person_invited_becomes_a_member_with_the_role_offered(ours: Tenant) -> None:
    membership = invitations.accept(actor=a_user(NEW), secret=invite(ours, role=Role.VIEWER))
    assert (membership.organization, membership.role) == (ours.organization, "viewer")


def test_the_address_may_be_written_in_any_case(ours: Tenant) -> None:
    assert invitations.accept(actor=a_user(NEW), secret=invite(ours, email=" New@Example.COM ")).role == "member"


def test_the_link_goes_out_by_mail_once_it_is_stored(ours: Tenant, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        secret = invite(ours)
    (sent,) = mail.outbox
    assert sent.to == [NEW]
    assert f"/invitations/{secret}/" in sent.body
    assert "Ours" in sent.subject


def test_the_secret_is_not_kept(ours: Tenant) -> None:
    secret = invite(ours)
    kept = vars(only_invitation(ours))
    assert not any(secret in str(value) for value in kept.values())


def test_it_works_once(ours: Tenant) -> None:
    user, secret = a_user(NEW), invite(ours)
    invitations.accept(actor=user, secret=secret)
    with pytest.raises(Conflict) as caught:
        invitations.accept(actor=user, secret=secret)
    assert caught.value.code == "invitation_accepted"


def test_it_works_until_the_moment_it_expires(ours: Tenant) -> None:
    secret = invite(ours)
    expires = only_invitation(ours).expires_at
    with clock.freeze(expires):
        refused("invitation_expired", secret)
    with clock.freeze(expires - timedelta(microseconds=1)):
        assert invitations.accept(actor=User.objects.get(email=NEW), secret=secret)


def test_withdrawn_it_no_longer_works(ours: Tenant) -> None:
    secret = invite(ours)
    for _twice in range(2):
        invitations.revoke(actor=ours.owner, invitation=only_invitation(ours))
    refused("invitation_revoked", secret)


def test_accepted_it_cannot_be_withdrawn(ours: Tenant) -> None:
    invitations.accept(actor=a_user(NEW), secret=invite(ours))
    with pytest.raises(Conflict) as caught:
        invitations.revoke(actor=ours.owner, invitation=only_invitation(ours))
    assert caught.value.code == "accepted"


def test_inviting_again_replaces_the_link(ours: Tenant) -> None:
    first, second = invite(ours), invite(ours, role=Role.VIEWER)
    refused("invitation_revoked", first)
    with pytest.raises(NotFound):
        invitations.find("x" + second)
    assert invitations.find(second).role == "viewer"


def test_somebody_else_cannot_use_it(ours: Tenant, theirs: Tenant) -> None:
    refused("invitation_for_another", invite(ours), email="thief@example.com")
    with pytest.raises(Forbidden):
        invitations.accept(actor=theirs.owner, secret=invite(ours))


def test_a_member_is_not_invited(ours: Tenant) -> None:
    with pytest.raises(InvalidInput) as caught:
        invite(ours, email=ours.viewer.email.upper())
    assert (caught.value.field, caught.value.code) == ("email", "already_member")


def test_who_became_a_member_meanwhile_is_told(ours: Tenant) -> None:
    user, secret = a_user(NEW), invite(ours)
    with scope(organization=ours.organization):
        Membership.objects.create(organization=ours.organization, user=user, role=Role.VIEWER)
    with pytest.raises(Conflict) as caught:
        invitations.accept(actor=user, secret=secret)
    assert caught.value.code == "already_member"


def test_both_tenants_can_invite_the_same_person(ours: Tenant, theirs: Tenant) -> None:
    user = a_user(NEW)
    for secret in (invite(ours), invite(theirs)):
        invitations.accept(actor=user, secret=secret)


def test_an_owner_invites_on_the_page_and_is_shown_the_link_once(ours: Tenant) -> None:
    client = ours.client("owner")
    answer = client.post(ours.page("members/invite/"), {"email": NEW, "role": "member"})
    assert answer.status_code == 200
    link = answer.context["link"]
    assert link in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    members = client.get(ours.page("members/")).content.decode()
    assert NEW in members
    assert link not in members


@pytest.mark.parametrize(
    ("email", "role", "field"), [("no address", "member", "email"), (NEW, "king", "role"), ("", "viewer", "email")]
)
def test_the_page_says_what_is_wrong(ours: Tenant, email: str, role: str, field: str) -> None:
    answer = ours.client("owner").post(ours.page("members/invite/"), {"email": email, "role": role})
    assert answer.status_code == 400
    assert field in answer.context["form"].errors


def test_a_stranger_sees_who_invites_and_signs_in_first(ours: Tenant) -> None:
    page = f"/invitations/{invite(ours)}/"
    client = Client()
    assert "Ours" in client.get(page).content.decode()
    answer = client.post(page)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={page}")


def test_accepting_on_the_page_leads_into_the_organization(ours: Tenant) -> None:
    client = signed_in(a_user(NEW))
    answer = client.post(f"/invitations/{invite(ours)}/")
    assert (answer.status_code, answer["Location"]) == (302, "/o/ours/")
    assert client.get(ours.page("members/")).status_code == 200


def test_a_link_that_no_longer_works_says_why(ours: Tenant) -> None:
    page = f"/invitations/{invite(ours)}/"
    assert signed_in(a_user("thief@example.com")).get(page).status_code == 403
    invitations.revoke(actor=ours.owner, invitation=only_invitation(ours))
    answer = Client().get(page)
    assert answer.status_code == 409
    assert "withdrawn" in answer.content.decode()
    assert Client().get("/invitations/no-such-secret/").status_code == 404


def test_another_tenants_invitation_cannot_be_withdrawn(ours: Tenant, theirs: Tenant) -> None:
    secret = invite(theirs)
    pk = only_invitation(theirs).pk
    assert ours.client("owner").post(ours.page(f"invitations/{pk}/revoke/")).status_code == 404
    assert invitations.find(secret).revoked_at is None
    assert theirs.client("owner").post(theirs.page(f"invitations/{pk}/revoke/")).status_code == 302
    assert invitations.find(secret).revoked_at is not None
