"""What the ledger costs at submission: with 10 transfers in the table and with 10,000,000.

Run with `python -m benchmarks.ledger [--transfers N]`: two databases on one PostgreSQL, measured in turns, so that what
else the machine does falls on both alike.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

TRANSFERS, ROUNDS, TIMES = 10_000_000, 6, 200
ORGANIZATIONS = 50

# Each hold is put in and released again, so that the balances are right whatever the number of them.
FILL = """
INSERT INTO accounts_hold (id, organization_id, amount, captured, released, reference, created_at)
SELECT md5(n::text)::uuid, o.ids[1 + mod(n, array_length(o.ids, 1))], 1000, 0, 1000, md5('job' || n)::uuid,
    now() - n * interval '1 second'
FROM generate_series(1, %(holds)s) n, (SELECT array_agg(id ORDER BY id) AS ids FROM accounts_organization) o;
INSERT INTO accounts_transfer
    (organization_id, kind, source_id, target_id, amount, hold_id, reference, memo, created_at)
SELECT h.organization_id, way.kind, CASE WHEN way.kind = 'hold' THEN w.id ELSE d.id END,
    CASE WHEN way.kind = 'hold' THEN d.id ELSE w.id END, h.amount, h.id, h.reference, '', h.created_at
FROM accounts_hold h
JOIN accounts_ledgeraccount w ON w.organization_id = h.organization_id AND w.kind = 'wallet'
JOIN accounts_ledgeraccount d ON d.organization_id = h.organization_id AND d.kind = 'held'
CROSS JOIN (VALUES ('hold'), ('release')) way (kind);
"""
PAST_THE_GUARDS = ("accounts_hold", "accounts_transfer")


def main() -> None:
    options = parse()
    if options.step:
        print(json.dumps(STEPS[options.step](options)))
        return
    from tests.servers import servers_for_tests

    with servers_for_tests() as variables:
        os.environ.update(variables)
        report(options.transfers)
        for name in variables:
            del os.environ[name]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=TRANSFERS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    known, _others = parser.parse_known_args()
    return known


def report(transfers: int) -> None:
    few = os.environ["DATABASE_URL"]
    many = few.rsplit("/", 1)[0] + "/many"
    with psycopg.connect(few, autocommit=True) as admin:
        admin.execute("CREATE DATABASE many")
    step("make", few, 10)
    made = step("make", many, transfers)
    print(f"Ledger: {transfers:,} transfers made in {made['seconds']:.0f} s", flush=True)
    rounds = [(step("measure", few, 10), step("measure", many, transfers)) for _ in range(ROUNDS)]
    print(f"{'':28}{'10':>12}{f'{transfers:,}':>14}{'ratio':>8}")
    for name in ("hold", "hold and post", "wallet"):
        small, large = ([one[at][name] for one in rounds] for at in (0, 1))
        ratio = statistics.median(b / a for a, b in zip(small, large, strict=True))
        print(f"{name:28}{statistics.median(small):9.3f} ms{statistics.median(large):11.3f} ms{ratio:8.2f}", flush=True)


def step(name: str, url: str, transfers: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ledger", "--step", name, "--transfers", str(transfers)]
    done = subprocess.run(
        command, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def make(options: argparse.Namespace) -> dict[str, float]:
    _set_up()
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Organization
    from accounts.services import ledger
    from era_platform.common.money import MICRO

    call_command("migrate", verbosity=0)
    for number in range(ORGANIZATIONS):
        organization = Organization.objects.create(slug=f"team-{number}", name=f"Team {number}")
        with _scope(organization):
            ledger.open_accounts(organization)
            ledger.top_up(organization, 1_000 * MICRO, actor=None)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for table in PAST_THE_GUARDS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(FILL % {"holds": max(options.transfers - ORGANIZATIONS, 0) // 2})
        for table in PAST_THE_GUARDS:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")
    return {"seconds": time.perf_counter() - began}


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Medians in ms: of a hold as a submission makes it, of one that is settled as well, and of reading a wallet."""
    _set_up()
    from uuid import uuid4

    from django.db import transaction

    from accounts import selectors
    from accounts.models import Organization
    from accounts.services import ledger
    from era_platform.common import rows

    organizations = list(Organization.objects.order_by("id"))

    def hold(number: int) -> None:
        organization = organizations[number % len(organizations)]
        with _scope(organization), transaction.atomic(durable=True):
            wallet = ledger.lock_wallet(organization)
            with rows.together():
                ledger.hold(wallet, 1_000, reference=uuid4(), actor=None)

    def hold_and_post(number: int) -> None:
        organization = organizations[number % len(organizations)]
        with _scope(organization), transaction.atomic(durable=True):
            held = ledger.hold(ledger.lock_wallet(organization), 1_000, reference=uuid4(), actor=None)
            ledger.capture(held, 600)
            ledger.release(held, 400)

    def wallet(number: int) -> None:
        organization = organizations[number % len(organizations)]
        with _scope(organization):
            selectors.wallet_of(organization)

    works = {"hold": hold, "hold and post": hold_and_post, "wallet": wallet}
    return {name: _median(work) for name, work in works.items()}


def _median(work: Any) -> float:
    taken = []
    for number in range(TIMES + 20):
        began = time.perf_counter()
        work(number)
        taken.append(1_000 * (time.perf_counter() - began))
    return statistics.median(taken[20:])  # the first ones plan statements


@contextmanager
def _scope(organization: Any) -> Iterator[None]:
    from django_scopes import scope

    with scope(organization=organization):
        yield


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.testing")
    import django

    django.setup()


STEPS = {"make": make, "measure": measure}

if __name__ == "__main__":
    main()
