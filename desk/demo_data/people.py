"""Who buys and what is for sale in generated data, made by the services that make them anywhere else."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django_scopes import scope

from accounts.models import Membership, Organization, Project, Role, User
from accounts.services import ledger
from accounts.services.demo import DEMO_EMAIL, OPERATOR_EMAIL
from era_platform.common import clock
from era_platform.common.errors import Conflict
from pricing.models import BookEntry, Pool
from pricing.services import book
from pricing.services.pools import create_pool

PREFIX = "sample-"
ORGANIZATIONS, PROJECTS, POOLS = 50, 3, 5
LANES, LANE_UNITS = 16, 4
"""Of a pool: jobs of one lane follow each other, and never need more than its units. So nothing is oversold."""
NODES = 4
"""Of a pool, in name only, as if they were gone since: for a cluster that has none of them they would be lost."""
SLOT_SECONDS, HORIZON = 300, 2016
YEAR = timedelta(days=365)


class Sold(NamedTuple):
    pool: Pool
    first_slot: int


def check_empty(*, beside_real: bool) -> None:
    """Raises Conflict where generated data is there already, or, unless told that it may be, anything else."""
    if Pool.objects.filter(slug__startswith=PREFIX).exists():
        raise Conflict(f"There is generated data in this database already: pools whose names begin with {PREFIX}.")
    known = Membership.objects.filter(user__email__in=[DEMO_EMAIL, OPERATOR_EMAIL]).values("organization")
    real = Organization.objects.exclude(pk__in=known).order_by("slug").first()
    if real and not beside_real:
        raise Conflict(f"This database has a real organization, {real.slug}. Take another, or say --beside-real.")


def make_organizations(now: datetime) -> list[Organization]:
    """Teams with three members and some projects each; every tenth has a name as long as names can be."""
    return [_make_organization(number, now - YEAR) for number in range(1, ORGANIZATIONS + 1)]


def _make_organization(number: int, since: datetime) -> Organization:
    name = f"Sample Institute {number}" + (" for Computational Sciences" * 4 if number % 10 == 0 else "")
    team = Organization.objects.create(slug=f"{PREFIX}{number:02}", name=name[:120], created_at=since)
    with scope(organization=team):
        ledger.open_accounts(team)
        for role in Role:
            user = User(email=f"{role}.{number:02}@sample.example", name=f"{role.label} {number}")
            user.set_unusable_password()
            user.save()
            Membership.objects.create(organization=team, user=user, role=role, created_at=since)
        for project in range(1, PROJECTS + 1):
            Project.objects.create(organization=team, slug=f"study-{project}", name=f"Study {project}")
    return team


def make_pools(now: datetime) -> list[Sold]:
    return [_make_pool(number, now) for number in range(1, POOLS + 1)]


def _make_pool(number: int, now: datetime) -> Sold:
    """A pool with a year behind it: its units are in the book from then on."""
    pool = create_pool(
        actor=None,
        slug=f"{PREFIX}pool-{number}",
        name=f"Sample pool {number}",
        slot_seconds=SLOT_SECONDS,
        horizon_slots=HORIZON,
        units=LANES * LANE_UNITS,
        unit_cpus=Decimal(4 * number),
        unit_memory_mib=16_384,
        unit_gpus=number % 3,
        floor_price=10_000 * number,
        list_price=50_000 * number,
        ceiling_price=200_000 * number,
    )
    pool.created_at = now - YEAR
    pool.save(update_fields=["created_at"])
    first = clock.slot_at(now - YEAR, SLOT_SECONDS)
    book.append(
        pool,
        kind=BookEntry.Kind.CAPACITY,
        start_slot=first,
        end_slot=pool.slot_now(),
        capacity=pool.units,
        cause=BookEntry.Cause.NOMINAL,
    )
    return Sold(pool, first)
