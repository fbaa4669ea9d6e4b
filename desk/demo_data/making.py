"""Makes a year of jobs and their money in one transaction, and checks the result as the reconciler does."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django_scopes import scopes_disabled
from psycopg.types.json import Jsonb

from accounts.models import LedgerAccount
from desk.demo_data import people, statements
from era_platform.common import clock
from era_platform.common.errors import InvalidInput
from jobs.selectors import consistency
from jobs.selectors.consistency import Difference
from pricing.decisions import Terms
from pricing.models import Forecast
from pricing.services import snapshots

SIZES = {"small": 1_000, "medium": 50_000, "large": 1_000_000}
PER_JOB = 10
"""Transfers for each job, all in all."""
LEAST, MOST = 200, 5_000_000
AT_A_TIME = 20_000
RUNNING = people.POOLS * 3


def jobs_of(size: str) -> int:
    """How many jobs a size stands for: small, medium, large or a number. Raises InvalidInput."""
    count = SIZES.get(size) or (int(size) if size.isascii() and size.isdigit() and len(size) < 10 else 0)
    if not LEAST <= count <= MOST:
        raise InvalidInput(
            f"{size[:40]!r} is no size: small, medium, large, or a number of jobs from {LEAST:,} to {MOST:,}.",
            field="size",
        )
    return count


def make(*, jobs: int, seed: int, beside_real: bool = False, tell: Callable[[int], None] = lambda done: None) -> int:
    """Make everything, or nothing; gives how many transfers there are. Raises Conflict (people.check_empty)."""
    with scopes_disabled(), transaction.atomic(durable=True):
        people.check_empty(beside_real=beside_real)
        values = _prepare(jobs, seed)
        made = 0
        for low in range(0, jobs, AT_A_TIME):
            high = min(low + AT_A_TIME, jobs)
            made += _stretch(values | {"low": low, "high": high}, PER_JOB * high - made)
            tell(high)
        for sold in values["sold"]:
            sold.pool.refresh_from_db()
            snapshots.write(sold.pool)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def differences() -> list[Difference]:
    """What the reconciler would find in the database."""
    with scopes_disabled():
        return [found for check in consistency.CHECKS.values() for found in check()]


def _prepare(jobs: int, seed: int) -> dict[str, Any]:
    """People and pools, the tables that jobs are put together in, and what all statements are given."""
    now = clock.now()
    teams, pools = people.make_organizations(now), people.make_pools(now)
    coming = min(max(jobs // 50, people.POOLS), 2_000)
    accounts = dict(LedgerAccount.objects.filter(organization=None).values_list("kind", "pk"))
    values: dict[str, Any] = {
        "now": now,
        "seed": seed,
        "past": jobs - coming - RUNNING,
        "current": RUNNING,
        "coming": coming,
        "pools": people.POOLS,
        "lanes": people.LANES,
        "nodes": people.NODES,
        "each": people.POOLS * people.LANES,
        "team_count": len(teams),
        "funding": accounts["funding"],
        "revenue": accounts["revenue"],
        "sold": pools,
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.TABLES)
        cursor.executemany(f"INSERT INTO demo_pool VALUES ({', '.join(['%s'] * 12)})", list(map(_row, pools, range(9))))
        cursor.execute(statements.TEAMS, {"teams": [team.pk for team in teams]})
    return values


def _row(sold: people.Sold, place: int) -> tuple[Any, ...]:
    pool, forecast = sold.pool, Forecast.objects.filter(pool=sold.pool).latest("version")
    terms, now = Jsonb(Terms.of(pool).kept()), pool.slot_now()
    slots = (sold.first_slot, now, pool.horizon_slots, pool.slot_seconds)
    return (
        place,
        pool.pk,
        pool.list_price,
        forecast.pk,
        pool.refund_policy_id,
        terms,
        *slots,
        people.LANES,
        people.LANE_UNITS,
    )


def _stretch(values: dict[str, Any], wanted: int) -> int:
    """Make the jobs from `low` up to `high`, and about `wanted` transfers; gives how many those are."""
    given = {name: value for name, value in values.items() if name != "sold"}
    made = sum(_run(part, given) for part in (statements.JOBS, statements.BOOK, statements.TRACES, statements.MONEY))
    pairs = (wanted - made) // 2
    return made + (_run(statements.PAYMENTS, given | {"pairs": pairs}) if pairs > 0 else 0)


def _run(part: str, given: dict[str, Any]) -> int:
    """Run the statements one by one; gives how many transfers they made."""
    made = 0
    with connection.cursor() as cursor:
        for statement in filter(str.strip, part.split(";\n")):
            cursor.execute(statement, given)
            made += cursor.rowcount if statement.lstrip().startswith("INSERT INTO accounts_transfer") else 0
    return made
