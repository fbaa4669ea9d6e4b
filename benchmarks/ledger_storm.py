"""Does money ever appear, vanish or get spent twice? 100,000 random operations from 16 processes, killed at random.

Run with `python -m benchmarks.ledger_storm [--operations N] [--processes N] [--seconds-between-kills S] [--seed N]`.
Each process works on all organizations: top-ups, holds, holds posted in part and voided for the rest, refunds, credits,
money paid back, credit limits. It writes down each operation once its transaction is committed; every now and then one
of them is killed with SIGKILL and another one takes its place. In the end every hold that is still open is settled, and
everything is added up.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

ORGANIZATIONS = 12


def main() -> int:
    options = parse()
    if options.step:
        return STEPS[options.step](options)
    from tests.servers import servers_for_tests

    with servers_for_tests() as variables, tempfile.TemporaryDirectory() as folder:
        os.environ.update(variables)
        _set_up()
        return _storm(options, Path(folder))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--seconds-between-kills", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--journal", help=argparse.SUPPRESS)
    known, _others = parser.parse_known_args()
    return known


def _storm(options: argparse.Namespace, folder: Path) -> int:
    _make()
    chance, kills, started, began = random.Random(options.seed), 0, 0, time.monotonic()
    workers: list[subprocess.Popen[bytes]] = []
    next_kill = began + options.seconds_between_kills
    while True:
        done = sum(path.stat().st_size for path in folder.iterdir()) // LINE
        workers = [worker for worker in workers if worker.poll() is None]
        if done >= options.operations:
            break
        while len(workers) < options.processes:
            started += 1
            workers.append(_worker(options, folder / str(started), started))
        if time.monotonic() > next_kill:
            chance.choice(workers).send_signal(signal.SIGKILL)
            kills, next_kill = kills + 1, time.monotonic() + options.seconds_between_kills * chance.uniform(0.5, 1.5)
        time.sleep(0.1)
    for worker in workers:
        worker.kill()
        worker.wait()
    seconds = time.monotonic() - began
    print(
        f"{done:,} operations by {options.processes} processes in {seconds:.0f} s, {kills} of them killed", flush=True
    )
    faults = [*_faults_of_journals(folder), *_faults()]
    for fault in faults[:20]:
        print(f"  wrong: {fault}")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


LINE = 64
"""Bytes of a journal's line: what was done, and the transfer or hold by which it can be found."""


def _worker(options: argparse.Namespace, journal: Path, number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.ledger_storm", "--step", "work", "--journal", str(journal)]
    return subprocess.Popen([*command, "--seed", str(options.seed * 1_000 + number)], start_new_session=True)


def _make() -> None:
    from django.core.management import call_command
    from django_scopes import scope

    from accounts.models import LedgerAccount, Organization
    from accounts.services import ledger
    from era_platform.common.money import MICRO

    call_command("migrate", verbosity=0)
    for number in range(ORGANIZATIONS):
        organization = Organization.objects.create(slug=f"team-{number}", name=f"Team {number}")
        with scope(organization=organization):
            ledger.open_accounts(organization)
            ledger.top_up(organization, 20 * MICRO, actor=None)
            LedgerAccount.objects.filter(kind="wallet").update(credit_limit=number % 3 * MICRO)


def work(options: argparse.Namespace) -> int:
    """Operations one after the other, for ever."""
    _set_up()
    from django.db import DatabaseError, OperationalError

    from accounts.models import Organization
    from era_platform.common.errors import Problem

    chance, organizations = random.Random(options.seed), list(Organization.objects.order_by("id"))
    with Path(options.journal).open("ab", buffering=0) as journal:
        while True:
            organization, operation = chance.choice(organizations), chance.choices(list(OPERATIONS), WEIGHTS)[0]
            try:
                found = OPERATIONS[operation](organization, chance)
            except Problem:  # refused, for it can't be paid
                found = "refused"
            except OperationalError:  # two that waited for each other
                raise
            except DatabaseError as error:
                found = "refused" if "ledger_account_within_credit_limit" in str(error) else f"error {error}"
            journal.write(f"{operation} {found}"[: LINE - 1].ljust(LINE - 1).encode() + b"\n")


def _in_scope(work: Any) -> Any:
    def operation(organization: Any, chance: random.Random) -> str:
        from django.db import transaction
        from django_scopes import scope

        with scope(organization=organization), transaction.atomic(durable=True):
            return str(work(organization, chance))

    return operation


@_in_scope
def top_up(organization: Any, chance: random.Random) -> Any:
    from accounts.services import ledger

    ledger.lock_wallet(organization)
    return ledger.top_up(organization, chance.randint(1, 3_000_000), actor=None).pk


@_in_scope
def hold(organization: Any, chance: random.Random) -> Any:
    from accounts.services import ledger

    return ledger.hold(ledger.lock_wallet(organization), chance.randint(0, 2_000_000), reference=uuid4(), actor=None).pk


@_in_scope
def hold_many(organization: Any, chance: random.Random) -> Any:
    from accounts.services import ledger

    references = [uuid4() for _ in range(5)]
    amounts = [(reference, chance.randint(0, 300_000)) for reference in references]
    ledger.hold_many(ledger.lock_wallet(organization), amounts, actor=None)
    return references[0]


@_in_scope
def settle(organization: Any, chance: random.Random) -> Any:
    """Post a part of an open hold, and void the rest."""
    from accounts.services import ledger

    ledger.lock_wallet(organization)
    held = _open_hold(organization)
    if held is None:
        return "nothing"
    paid = chance.randint(0, held.amount)
    ledger.capture(held, paid)
    ledger.release(held, held.amount - paid)
    return held.pk


@_in_scope
def refund(organization: Any, chance: random.Random) -> Any:
    from accounts.services import ledger

    ledger.lock_wallet(organization)
    return ledger.refund(organization, chance.randint(1, 20_000), reference=uuid4(), actor=None, memo="").pk


@_in_scope
def credit(organization: Any, chance: random.Random) -> Any:
    from accounts.services import ledger

    ledger.lock_wallet(organization)
    given = ledger.credit(organization, chance.randint(1, 50_000), reference=None)
    return given.pk if given else "nothing"


@_in_scope
def withdraw(organization: Any, chance: random.Random) -> Any:
    from accounts.services import ledger

    return ledger.withdraw(ledger.lock_wallet(organization), chance.randint(1, 2_000_000), actor=None, memo="").pk


@_in_scope
def limit(organization: Any, chance: random.Random) -> Any:
    """Another credit limit; below what is owed PostgreSQL refuses it."""
    from accounts.models import LedgerAccount

    wallet = LedgerAccount.objects.filter(organization=organization, kind="wallet")
    return f"set {wallet.update(credit_limit=chance.randint(0, 3_000_000))}"


OPERATIONS = {
    "top_up": top_up, "hold": hold, "hold_many": hold_many, "settle": settle, "refund": refund, "credit": credit,
    "withdraw": withdraw, "limit": limit,
}  # fmt: skip
WEIGHTS = (12, 30, 2, 36, 5, 5, 8, 2)


def _open_hold(organization: Any) -> Any:
    """The oldest that nobody else settles right now."""
    from django.db.models import F

    from accounts.models import Hold

    unsettled = Hold.objects.filter(organization=organization, amount__gt=F("captured") + F("released"))
    return unsettled.order_by("created_at").first()


def _faults_of_journals(folder: Path) -> list[str]:
    """Whatever was written down as done is there."""
    from django_scopes import scopes_disabled

    from accounts.models import Hold, Transfer

    done: dict[str, list[str]] = {}
    for path in folder.iterdir():
        for line in path.read_text().splitlines():
            operation, _space, found = line.strip().partition(" ")
            done.setdefault(operation, []).append(found)
    told = ", ".join(
        f"{name} {len(found):,} ({found.count('refused'):,} refused)" for name, found in sorted(done.items())
    )
    print(f"  {told}")
    faults = [f"{name}: {one}" for name, found in done.items() for one in found if one.startswith("error")]
    by_transfer = {int(one) for name in ("top_up", "refund", "credit", "withdraw") for one in done.get(name, ())
                   if one.isdigit()}  # fmt: skip
    by_hold = {UUID(one) for name in ("hold", "settle") for one in done.get(name, ()) if len(one) == 36}
    with scopes_disabled():
        transfers = set(Transfer.objects.values_list("pk", flat=True))
        holds = set(Hold.objects.values_list("pk", flat=True))
        references = set(Hold.objects.values_list("reference", flat=True))
    faults += [f"transfer {pk} was acknowledged, and is gone" for pk in by_transfer - transfers]
    faults += [f"hold {pk} was acknowledged, and is gone" for pk in by_hold - holds]
    many = {UUID(one) for one in done.get("hold_many", ()) if len(one) == 36}
    return faults + [f"hold of {reference} was acknowledged, and is gone" for reference in many - references]


def _faults() -> list[str]:
    """What does not add up, with open holds and after each of them is settled."""
    from django_scopes import scopes_disabled

    from accounts.models import Organization

    with scopes_disabled():
        faults = _sums()
        chance = random.Random(0)
        for organization in Organization.objects.all():
            while settle(organization, chance) != "nothing":
                pass
        return faults + _sums() + _unsettled() + _statements()


def _sums() -> list[str]:
    from django.db.models import F

    from accounts.models import LedgerAccount
    from jobs.selectors import consistency

    checks = (consistency.ledger_sum, consistency.balances, consistency.held)
    faults = [f"{each.subject}: {each.found}" for check in checks for each in check()]
    below = LedgerAccount.objects.filter(kind="wallet", balance__lt=-F("credit_limit"))
    return faults + [f"{wallet}: {wallet.balance} is below its limit" for wallet in below]


def _unsettled() -> list[str]:
    """Each hold was filled once, posted at most once, voided at most once, and that is all of it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h.id FROM accounts_hold h LEFT JOIN accounts_transfer t ON t.hold_id = h.id GROUP BY h.id"
            " HAVING h.captured + h.released <> h.amount"
            " OR count(*) FILTER (WHERE t.kind = 'hold') <> (h.amount > 0)::int"
            " OR count(*) FILTER (WHERE t.kind = 'capture') > 1 OR count(*) FILTER (WHERE t.kind = 'release') > 1"
            " OR coalesce(sum(t.amount) FILTER (WHERE t.kind IN ('capture', 'release')), 0) <> h.amount"
        )
        return [f"hold {pk} was not settled once" for (pk,) in cursor.fetchall()]


def _statements() -> list[str]:
    """Each organization's statement begins with nothing, lists every transfer, and ends with what the wallet has."""
    from accounts.models import Organization, Transfer
    from accounts.selectors import wallet_of
    from billing.selectors import statements

    faults = []
    for organization in Organization.objects.all():
        months = statements.months(organization)
        told = [statements.statement(organization, month) for month in months]
        now = wallet_of(organization)
        if (told[0].closing.balance, told[0].closing.held) != (now.balance, now.held):
            faults.append(f"{organization}: its statement ends with {told[0].closing}, its wallet has {now}")
        if (told[-1].opening.balance, told[-1].opening.held) != (0, 0):
            faults.append(f"{organization}: its first statement begins with {told[-1].opening}")
        listed = [line for month in reversed(months) for line in statements.all_lines(organization, month)]
        if len({line.pk for line in listed}) != Transfer.objects.filter(organization=organization).count():
            faults.append(f"{organization}: {len(listed)} transfers are listed")
        changes = sum(line.change for line in listed)  # type: ignore[attr-defined]  # annotated by transfers_of
        if changes != told[0].closing.wallet:
            faults.append(f"{organization}: its lines come to {changes}, its wallet has {told[0].closing.wallet}")
    return faults


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.testing")
    import django

    django.setup()


STEPS = {"work": work}

if __name__ == "__main__":
    sys.exit(main())
