"""Who sees which dataset, and who may change it."""

from uuid import uuid4

import pytest
from django_scopes import scopes_disabled

from accounts.models import Membership, Role
from datasets.models import Grant
from datasets.selectors import access
from datasets.selectors.access import Reference, parse_reference
from datasets.services import datasets, drafts
from era_platform.common.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.datasets.ways import a_dataset, a_draft, latest, published
from tests.factories import Tenant, an_organization


def member(tenant: Tenant, role: str = "member") -> Membership:
    with scopes_disabled():
        return Membership.objects.select_related("organization", "user").get(
            user=getattr(tenant, role), organization=tenant.organization
        )


def sees(tenant: Tenant, owner: Tenant) -> bool:
    try:
        access.find_dataset(tenant.organization, owner.slug, "digits")
    except NotFound:
        return False
    return True


def test_a_private_dataset_is_seen_by_its_owner_alone(ours: Tenant, theirs: Tenant) -> None:
    dataset = a_dataset(ours)
    datasets.grant(actor=ours.owner, dataset=dataset, slug="theirs")
    assert sees(ours, ours)
    assert not sees(theirs, ours)


def test_a_shared_dataset_is_seen_by_those_it_is_granted_to(ours: Tenant, theirs: Tenant) -> None:
    dataset = a_dataset(ours, visibility="shared")
    assert not sees(theirs, ours)
    datasets.grant(actor=ours.owner, dataset=dataset, slug="theirs")
    assert sees(theirs, ours)
    datasets.revoke(actor=ours.owner, dataset=dataset, slug="theirs")
    assert not sees(theirs, ours)


def test_a_public_dataset_is_seen_by_everybody_until_it_is_deleted(ours: Tenant, theirs: Tenant) -> None:
    dataset = a_dataset(ours, visibility="public")
    assert sees(theirs, ours)
    datasets.delete(actor=ours.owner, dataset=dataset)
    assert not sees(ours, ours)
    assert not sees(theirs, ours)


def test_what_is_hidden_and_what_is_not_there_are_told_in_the_same_words(ours: Tenant, theirs: Tenant) -> None:
    a_dataset(ours)
    words = []
    for name in ("digits", "nothing"):
        with pytest.raises(NotFound) as refused:
            access.find_dataset(theirs.organization, "ours", name)
        words.append(refused.value.detail.replace(name, "…"))
    assert words[0] == words[1]


@pytest.mark.parametrize(("owner", "name"), [("ours", "a\0"), ("a\0", "digits"), ("ours", "\ud800")])
def test_a_name_that_no_database_can_hold_is_that_of_nothing(ours: Tenant, owner: str, name: str) -> None:
    with pytest.raises(NotFound):
        access.find_dataset(ours.organization, owner, name)


def test_a_grant_that_no_database_can_hold_cannot_be_taken_back(ours: Tenant) -> None:
    with pytest.raises(NotFound):
        datasets.revoke(actor=ours.owner, dataset=a_dataset(ours), slug="a\0")


def test_a_grant_to_a_name_that_nobody_has_looks_like_any_other_and_is_for_nobody_later(ours: Tenant) -> None:
    dataset = a_dataset(ours, visibility="shared")
    grant = datasets.grant(actor=ours.owner, dataset=dataset, slug="not-there")
    assert (grant.slug, grant.granted_to) == ("not-there", None)
    newcomer = an_organization(slug="not-there")
    assert not access.visible_to(newcomer).filter(pk=dataset.pk).exists()


@pytest.mark.parametrize("slug", ["ours", "", "Not a slug", "-"])
def test_what_cannot_be_granted_to_is_refused(ours: Tenant, slug: str) -> None:
    with pytest.raises(InvalidInput):
        datasets.grant(actor=ours.owner, dataset=a_dataset(ours), slug=slug)
    with scopes_disabled():
        assert not Grant.objects.exists()


def test_drafts_are_seen_by_their_owner_only(ours: Tenant, theirs: Tenant) -> None:
    dataset = a_dataset(ours, visibility="public")
    draft = str(a_draft(ours, dataset).pk)
    assert access.find_version(ours.organization, "ours", "digits", draft).is_draft
    for version in (draft, "latest", "1"):
        with pytest.raises(NotFound):
            access.find_version(theirs.organization, "ours", "digits", version)
    assert not access.versions_of(theirs.organization, dataset).exists()


def test_a_version_is_found_by_its_number_and_the_last_as_latest(ours: Tenant) -> None:
    dataset = published(ours).dataset
    second = published(ours, dataset)
    find = access.find_version
    assert find(ours.organization, "ours", "digits", "1").number == 1
    assert find(ours.organization, "ours", "digits", "latest") == second
    datasets.delete_version(actor=ours.owner, version=second)
    assert latest(ours, ours).number == 1
    for missing in ("2", "3", "0", "01", "-1", "x", "9" * 30, str(uuid4())):
        with pytest.raises(NotFound):
            find(ours.organization, "ours", "digits", missing)


def test_a_draft_is_opened_for_members_of_its_own_organization(ours: Tenant, theirs: Tenant) -> None:
    draft = a_draft(ours, a_dataset(ours, visibility="public"))
    assert access.find_draft(member(ours), draft.pk) == draft
    with pytest.raises(Forbidden):
        access.find_draft(member(ours, "viewer"), draft.pk)
    with pytest.raises(NotFound):
        access.find_draft(member(theirs, "owner"), draft.pk)
    with pytest.raises(NotFound):
        access.find_draft(member(ours), uuid4())


def test_a_published_version_is_no_draft(ours: Tenant) -> None:
    with pytest.raises(Conflict):
        access.find_draft(member(ours), published(ours).pk)


def test_a_dataset_is_changed_by_its_own_organization_only(ours: Tenant, theirs: Tenant) -> None:
    a_dataset(ours, visibility="public")
    a_dataset(ours, "hidden")
    assert access.own_dataset(member(ours), "ours", "digits").name == "digits"
    for who, at_least in ((member(theirs, "owner"), Role.VIEWER), (member(ours), Role.OWNER)):
        with pytest.raises(Forbidden):
            access.own_dataset(who, "ours", "digits", at_least=at_least)
    with pytest.raises(NotFound):
        access.own_dataset(member(theirs, "owner"), "ours", "hidden")


def test_only_what_is_published_and_visible_can_be_pinned(ours: Tenant, theirs: Tenant) -> None:
    dataset = a_dataset(ours, visibility="public")
    draft = a_draft(ours, dataset, {"a": b"x"})
    with pytest.raises(Conflict):
        access.pin(ours.organization, [Reference("ours", "digits", str(draft.pk))])
    version = drafts.publish(actor=ours.member, version=draft)
    assert access.pin(theirs.organization, [Reference("ours", "digits")]) == [version]
    datasets.set_visibility(actor=ours.owner, dataset=dataset, visibility="private")
    with pytest.raises(NotFound):
        access.pin(theirs.organization, [Reference("ours", "digits")])


def test_a_reference_names_owner_dataset_and_version() -> None:
    assert parse_reference("ours/digits@3") == Reference("ours", "digits", "3")
    assert parse_reference("ours/digits") == Reference("ours", "digits", "latest")
    assert str(Reference("ours", "digits", "3")) == "ours/digits@3"


@pytest.mark.parametrize(
    "text", ["", "digits", "/digits", "ours/", "ours/a/b", "ours/digits@", "ours/digits@1@2", "Ö/d"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_reference(text)
