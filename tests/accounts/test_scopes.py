"""Default-deny: rows of tenants can't be read without saying whose, and a scope shows one tenant's only."""

import pytest
from django.apps import apps
from django.db import models
from django.http import StreamingHttpResponse
from django_scopes import ScopeError, get_scope, scope

from accounts.guards import finish_in_scope, membership_for
from accounts.models import Membership, Organization, Role, Transfer, User
from era_platform.common.errors import Forbidden, NotFound
from tests.factories import Tenant

TENANTS_OWN = [
    model
    for model in apps.get_models()
    if any(isinstance(field, models.ForeignKey) and field.related_model is Organization for field in model._meta.fields)
]


def test_there_are_models_to_be_tried() -> None:
    assert {"Membership", "Transfer", "ApiToken", "Job"} <= {model.__name__ for model in TENANTS_OWN}


@pytest.mark.django_db
@pytest.mark.parametrize("model", TENANTS_OWN, ids=lambda model: model.__name__)
def test_a_query_without_a_tenant_raises(model: type[models.Model]) -> None:
    with pytest.raises(ScopeError):
        model._default_manager.all()
    with pytest.raises(ScopeError):
        model._default_manager.filter(pk=None)


def test_a_scope_shows_one_tenants_rows(ours: Tenant, theirs: Tenant) -> None:
    with scope(organization=ours.organization):
        assert {membership.user for membership in Membership.objects.all()} == {ours.owner, ours.member, ours.viewer}
        assert not Transfer.objects.filter(organization=theirs.organization).exists()


def test_a_persons_memberships_need_a_scope_too(ours: Tenant) -> None:
    with pytest.raises(ScopeError):
        ours.owner.memberships.all().count()


def test_a_guard_gives_the_membership(ours: Tenant) -> None:
    assert membership_for(ours.member, "ours", at_least=Role.MEMBER).role == Role.MEMBER


def refusal(user: User, slug: str) -> str:
    with pytest.raises(NotFound) as caught:
        membership_for(user, slug)
    return str(caught.value.detail).replace(slug, "…")


def test_another_tenant_looks_like_one_that_is_not_there(ours: Tenant, theirs: Tenant) -> None:
    assert refusal(ours.owner, "theirs") == refusal(ours.owner, "nobody")


@pytest.mark.parametrize(("role", "needed"), [("viewer", Role.MEMBER), ("viewer", Role.OWNER), ("member", Role.OWNER)])
def test_ones_own_without_the_role_is_forbidden(ours: Tenant, role: str, needed: Role) -> None:
    with pytest.raises(Forbidden):
        membership_for(getattr(ours, role), "ours", at_least=needed)


def test_a_stream_is_produced_within_the_scope_and_leaves_none_behind(ours: Tenant) -> None:
    seen = (str(get_scope()["organization"]).encode() for _ in range(2))
    response = finish_in_scope(StreamingHttpResponse(seen), ours.organization)
    chunks = []
    for chunk in response:
        chunks.append(chunk)
        assert "organization" not in get_scope()
    assert chunks == [b"ours", b"ours"]
