"""Organizations: personal ones come with people, teams are made; both have a wallet."""

import pytest
from django_scopes import scope

from accounts.models import AuditEvent, Membership, Organization
from accounts.selectors import memberships_of, wallet_of
from accounts.services import organizations, users
from era_platform.common.errors import Conflict, InvalidInput
from tests.factories import Tenant, a_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("email", "slug"),
    [
        ("ada@example.com", "ada"),
        ("Ada.Lovelace+era@example.com", "adalovelaceera"),
        ("ada_l@example.com", "ada-l"),
        ("李@example.com", "user"),
        (f"{'a' * 60}@example.com", "a" * 31),
        (f"{'a' * 30}_-_b@example.com", "a" * 30),
    ],
)
def test_a_personal_organization_is_named_after_the_address(email: str, slug: str) -> None:
    (membership,) = memberships_of(a_user(email))
    assert (membership.organization.slug, membership.organization.kind, membership.role) == (slug, "personal", "owner")
    membership.organization.full_clean()


def test_names_that_are_taken_get_a_number_and_then_a_random_end() -> None:
    slugs = [memberships_of(a_user(f"info@example{number}.com"))[0].organization.slug for number in range(5)]
    assert slugs[:3] == ["info", "info-2", "info-3"]
    assert len(set(slugs)) == 5


def test_a_personal_organization_has_an_empty_wallet() -> None:
    personal = memberships_of(a_user())[0].organization
    with scope(organization=personal):
        assert wallet_of(personal).available == 0


def test_one_address_has_one_account_however_it_is_written() -> None:
    a_user("ada@example.com")
    with pytest.raises(Conflict) as caught:
        users.create_user(email=" ADA@example.com", password=None)
    assert caught.value.code == "account_exists"
    assert Organization.objects.count() == 1


def test_a_team_belongs_to_who_made_it(ours: Tenant) -> None:
    team = organizations.create_team(actor=ours.viewer, name="Vision", slug="vision")
    with scope(organization=team):
        assert [(one.user, one.role) for one in Membership.objects.all()] == [(ours.viewer, "owner")]
        assert AuditEvent.objects.get().action == "organization.created"


def test_a_short_name_that_is_taken_is_refused_and_leaves_nothing(ours: Tenant, theirs: Tenant) -> None:
    with pytest.raises(InvalidInput) as caught:
        organizations.create_team(actor=ours.owner, name="Again", slug="theirs")
    assert (caught.value.field, caught.value.code) == ("slug", "taken")
    assert not Organization.objects.filter(name="Again").exists()


def test_renaming_keeps_the_address(ours: Tenant) -> None:
    organizations.rename(actor=ours.owner, organization=ours.organization, name="Ours & co")
    ours.organization.refresh_from_db()
    assert (ours.organization.name, ours.organization.slug) == ("Ours & co", "ours")


def test_the_page_makes_a_team_and_says_what_is_wrong(ours: Tenant) -> None:
    client = ours.client()
    made = client.post("/organizations/new/", {"name": "Vision", "slug": "vision"})
    assert (made.status_code, made["Location"]) == (302, "/o/vision/members/")
    for slug in ("vision", "Not a slug", "-x", ""):
        answer = client.post("/organizations/new/", {"name": "Vision", "slug": slug})
        assert answer.status_code == 400
        assert "slug" in answer.context["form"].errors


def test_the_settings_page_renames(ours: Tenant) -> None:
    assert ours.client("owner").post(ours.page("settings/"), {"name": "New name"}).status_code == 302
    assert "New name" in ours.client().get(ours.page("members/")).content.decode()


def test_home_leads_to_the_organization_last_looked_at(ours: Tenant) -> None:
    client = ours.client()
    assert client.get("/")["Location"] == "/o/member/"
    client.get(ours.page("wallet/"))
    assert client.get("/")["Location"] == "/o/ours/"


def test_home_forgets_an_organization_that_one_has_left(ours: Tenant) -> None:
    client = ours.client()
    client.get(ours.page("wallet/"))
    client.post(ours.page("members/leave/"))
    assert client.get("/")["Location"] == "/o/member/"
