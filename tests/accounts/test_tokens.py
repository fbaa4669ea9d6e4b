"""A token opens one organization for one person, while it, the person and the membership are good."""

from datetime import timedelta

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled

from accounts.models import ApiToken, Membership
from accounts.services import tokens
from era_platform.common import clock
from era_platform.common.errors import InvalidInput, NotFound
from tests.factories import Tenant, a_token, with_token

WALLET = "/api/v1/wallet"


def stored(tenant: Tenant) -> ApiToken:
    with scope(organization=tenant.organization):
        return ApiToken.objects.select_related("organization", "user").get()


def status(secret: str) -> int:
    return with_token(secret).get(WALLET).status_code


def test_a_token_is_long_and_begins_alike(ours: Tenant) -> None:
    secret = ours.token()
    assert secret.startswith("era_")
    assert len(secret) >= 4 + 32
    assert secret[4:].replace("-", "").replace("_", "").isalnum()


def test_only_its_digest_is_kept(ours: Tenant) -> None:
    secret = ours.token()
    assert not any(secret in str(value) for value in vars(stored(ours)).values())
    assert secret.startswith(stored(ours).prefix)


def test_it_opens_its_own_organization(ours: Tenant, theirs: Tenant) -> None:
    assert ours.api().get(WALLET).json()["balance"] == "100.00"
    assert theirs.api("viewer").get(WALLET).status_code == 200


def test_it_works_until_the_moment_it_expires(ours: Tenant) -> None:
    expires = clock.now() + timedelta(days=1)
    secret = a_token(ours.member, ours.organization, expires_at=expires)
    with clock.freeze(expires - timedelta(microseconds=1)):
        assert status(secret) == 200
    with clock.freeze(expires):
        assert status(secret) == 401


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=999)])
def test_it_must_expire_in_the_future(ours: Tenant, late: timedelta) -> None:
    with clock.freeze(clock.now()), pytest.raises(InvalidInput) as caught:
        a_token(ours.member, ours.organization, expires_at=clock.now() - late)
    assert caught.value.field == "expires_at"


def test_revoked_it_is_refused_at_once(ours: Tenant) -> None:
    secret = ours.token()
    for _twice in range(2):
        tokens.revoke_token(actor=ours.member, token=stored(ours))
    assert status(secret) == 401


def test_with_its_person_shut_out_it_is_refused(ours: Tenant) -> None:
    secret = ours.token()
    ours.member.is_active = False
    ours.member.save()
    assert status(secret) == 401


def test_without_the_membership_it_is_refused(ours: Tenant) -> None:
    secret = ours.token()
    with scope(organization=ours.organization):
        Membership.objects.filter(user=ours.member).delete()
    assert status(secret) == 401


def test_nobody_gets_a_token_for_an_organization_of_others(ours: Tenant, theirs: Tenant) -> None:
    with pytest.raises(NotFound):
        a_token(ours.owner, theirs.organization)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer a b", "Bearer era_unknown", "bearer \xe9", "Basic ZGVtbzpkZW1v", "Token x"]
)
def test_anything_else_is_refused_in_the_same_way(ours: Tenant, header: str) -> None:
    answer = Client(headers={"Authorization": header}).get(WALLET)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert answer.json()["status"] == 401


def test_a_session_opens_pages_and_not_the_api(ours: Tenant) -> None:
    assert ours.client("owner").get(WALLET).status_code == 401


def test_a_token_opens_the_api_and_not_pages(ours: Tenant) -> None:
    assert ours.api("owner").get(ours.page("wallet/")).status_code == 302


def test_its_use_is_noted_at_most_once_a_minute(ours: Tenant) -> None:
    client = ours.api()
    began = clock.now()
    noted = []
    for after in (0, 59, 60, 119, 121):
        with clock.freeze(began + timedelta(seconds=after)):
            client.get(WALLET)
        last_used_at = stored(ours).last_used_at
        assert last_used_at
        noted.append(round((last_used_at - began).total_seconds()))
    assert noted == [0, 0, 60, 60, 121]


def test_the_page_shows_a_new_secret_once(ours: Tenant) -> None:
    client = ours.client("viewer")
    answer = client.post(ours.page("tokens/new/"), {"name": "laptop"})
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert status(secret) == 200
    listed = client.get(ours.page("tokens/")).content.decode()
    assert "laptop" in listed
    assert secret not in listed


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x", "expires_at": "2001-01-01T00:00"}, {"name": "x" * 81}])
def test_the_page_says_what_is_wrong(ours: Tenant, wrong: dict[str, str]) -> None:
    answer = ours.client().post(ours.page("tokens/new/"), wrong)
    assert answer.status_code == 400
    assert answer.context["form"].errors
    with scopes_disabled():
        assert not ApiToken.objects.exists()


def test_an_expired_token_is_listed_as_such(ours: Tenant) -> None:
    expires = clock.now() + timedelta(hours=1)
    a_token(ours.member, ours.organization, expires_at=expires)
    for moment, expired in ((expires - timedelta(seconds=1), False), (expires, True)):
        with clock.freeze(moment):
            (token,) = ours.client().get(ours.page("tokens/")).context["tokens"]
            assert token.is_expired is expired


def test_members_see_their_own_tokens_and_owners_everybodys(ours: Tenant, theirs: Tenant) -> None:
    for tenant in (ours, theirs):
        for role in ("owner", "member", "viewer"):
            tenant.token(role)

    def seen_by(role: str) -> set[str]:
        return {token.user.email for token in ours.client(role).get(ours.page("tokens/")).context["tokens"]}

    assert seen_by("member") == {ours.member.email}
    assert seen_by("owner") == {ours.owner.email, ours.member.email, ours.viewer.email}


def test_a_token_is_ended_by_its_person_or_an_owner(ours: Tenant) -> None:
    ours.token("member")
    page = ours.page(f"tokens/{stored(ours).pk}/revoke/")
    assert [ours.client(role).post(page).status_code for role in ("viewer", "owner")] == [403, 302]
    assert ours.client("member").post(page).status_code == 404


def test_another_tenants_token_cannot_be_ended(ours: Tenant, theirs: Tenant) -> None:
    secret = theirs.token()
    assert ours.client("owner").post(ours.page(f"tokens/{stored(theirs).pk}/revoke/")).status_code == 404
    assert status(secret) == 200
