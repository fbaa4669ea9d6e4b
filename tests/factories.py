"""Makes what tests begin with, by the services that the platform itself uses; each test has two tenants."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.test import Client
from django.test.client import ClientHandler
from django_scopes import scope

from accounts.models import Membership, Organization, Role, User
from accounts.services import organizations, tokens, users, wallets
from era_platform.common.money import MICRO
from pricing.models import Pool
from pricing.services.pools import create_pool

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)
_HANDLER = ClientHandler(enforce_csrf_checks=False)


@dataclass(frozen=True)
class Tenant:
    """An organization with one person in each role."""

    organization: Organization
    owner: User
    member: User
    viewer: User

    @property
    def slug(self) -> str:
        return self.organization.slug

    def page(self, path: str = "") -> str:
        """The address of one of the organization's pages."""
        return f"/o/{self.slug}/{path}"

    def token(self, role: str = "member") -> str:
        return a_token(getattr(self, role), self.organization)

    def client(self, role: str = "member") -> Client:
        """A browser in which the person of this role is signed in."""
        return signed_in(getattr(self, role))

    def api(self, role: str = "member") -> Client:
        """An API client with a token of the person of this role."""
        return with_token(self.token(role))


def a_tenant(name: str, *, credits: int = 100) -> Tenant:
    """A team called `name`, with `credits` credits in its wallet."""
    owner, member, viewer = (a_user(f"{role}@{name}.example.com") for role in ("owner", "member", "viewer"))
    organization = an_organization(owner, slug=name, credits=credits)
    join(organization, member, Role.MEMBER)
    join(organization, viewer, Role.VIEWER)
    return Tenant(organization, owner, member, viewer)


def a_user(email: str = "", **fields: Any) -> User:
    """Somebody who can sign in with PASSWORD, with a personal organization."""
    return users.create_user(email=email or f"person{next(_numbers)}@example.com", password=PASSWORD, **fields)


def an_organization(owner: User | None = None, *, slug: str = "", credits: int = 0) -> Organization:
    owner = owner or a_user()
    team = organizations.create_team(actor=owner, name=slug.title() or "Team", slug=slug or f"team-{next(_numbers)}")
    if credits:
        wallets.top_up(actor=None, organization=team, amount=credits * MICRO)
    return team


def join(organization: Organization, user: User, role: Role) -> Membership:
    with scope(organization=organization):
        return Membership.objects.create(organization=organization, user=user, role=role)


def a_token(user: User, organization: Organization, *, expires_at: datetime | None = None) -> str:
    _token, secret = tokens.create_token(actor=user, organization=organization, name="test", expires_at=expires_at)
    return secret


def a_client(**given: Any) -> Client:
    """A client whose middleware is made once for all: to find all static files takes far longer than a request."""
    client = Client(**given)
    client.handler = _HANDLER
    return client


def signed_in(user: User) -> Client:
    client = a_client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def with_token(secret: str) -> Client:
    return a_client(headers={"Authorization": f"Bearer {secret}"})


def a_pool(slug: str = "", **fields: Any) -> Pool:
    """One-minute slots for a day, 8 units of a quarter CPU, at 0.01 (floor), 0.02 (list) and 0.10 credits."""
    given: dict[str, Any] = {
        "name": "Pool",
        "slot_seconds": 60,
        "horizon_slots": 24 * 60,
        "units": 8,
        "unit_cpus": Decimal("0.25"),
        "unit_memory_mib": 256,
        "floor_price": MICRO // 100,
        "list_price": MICRO // 50,
        "ceiling_price": MICRO // 10,
    }
    return create_pool(actor=None, slug=slug or f"pool-{next(_numbers)}", **given | fields)
