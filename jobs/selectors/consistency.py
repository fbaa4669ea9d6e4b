"""What must hold between ledger, book and jobs, each as a query or two that finds where it doesn't."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from accounts.models import Hold, LedgerAccount, Transfer
from era_platform.common import clock
from jobs.models import Job, JobDataset
from jobs.states import FINAL, State
from pricing.book import Steps
from pricing.models import BookEntry, BookSnapshot, Pool
from pricing.selectors import books, capacity

RECENT = timedelta(days=1)
OVERDUE = timedelta(minutes=1)
OPEN = Q(amount__gt=F("captured") + F("released"))
"""Of a hold that still has something."""

# Transfers up to the checkpoint are never changed, so they need not be added up again: decision 0042.
_BALANCES = """
WITH known AS (SELECT COALESCE(MAX(last_transfer), 0) AS upto FROM accounts_ledgercheckpoint)
SELECT a.id, a.kind, a.balance, COALESCE(c.total, 0) + COALESCE(m.total, 0) FROM accounts_ledgeraccount a
LEFT JOIN accounts_ledgercheckpoint c ON c.account_id = a.id
LEFT JOIN (
    SELECT account, SUM(amount) AS total FROM (
        SELECT target_id AS account, amount FROM accounts_transfer WHERE id > (SELECT upto FROM known)
        UNION ALL SELECT source_id, -amount FROM accounts_transfer WHERE id > (SELECT upto FROM known)
    ) moves GROUP BY account
) m ON m.account = a.id
WHERE a.balance <> COALESCE(c.total, 0) + COALESCE(m.total, 0)
"""
_CHECKPOINTS = """
WITH known AS (SELECT COALESCE(MAX(last_transfer), 0) AS upto FROM accounts_ledgercheckpoint)
SELECT a.id, a.kind, COALESCE(c.total, 0), COALESCE(m.total, 0) FROM accounts_ledgeraccount a
LEFT JOIN accounts_ledgercheckpoint c ON c.account_id = a.id
LEFT JOIN (
    SELECT account, SUM(amount) AS total FROM (
        SELECT target_id AS account, amount FROM accounts_transfer WHERE id <= (SELECT upto FROM known)
        UNION ALL SELECT source_id, -amount FROM accounts_transfer WHERE id <= (SELECT upto FROM known)
    ) moves GROUP BY account
) m ON m.account = a.id
WHERE COALESCE(c.total, 0) <> COALESCE(m.total, 0)
"""


@dataclass(frozen=True)
class Difference:
    """`subject` names the thing, `found` says what is wrong with it."""

    kind: str
    subject: str
    found: str


def ledger_sum() -> Iterator[Difference]:
    total = LedgerAccount.objects.aggregate(total=Coalesce(Sum("balance"), 0))["total"]
    if total:
        yield Difference("ledger_sum", "all accounts", f"they add up to {total}, not 0")


def balances() -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES)
        for account, kind, balance, moved in cursor.fetchall():
            yield Difference("balance", f"{kind} {account}", f"{balance}, but its transfers come to {moved}")


def checkpoints() -> Iterator[Difference]:
    """Each checkpoint of the ledger is what its transfers come to. Reads all of them: see HISTORY."""
    with connection.cursor() as cursor:
        cursor.execute(_CHECKPOINTS)
        for account, kind, total, moved in cursor.fetchall():
            yield Difference("checkpoint", f"{kind} {account}", f"{total}, but its transfers come to {moved}")


def held() -> Iterator[Difference]:
    """Each account of held money has what its holds still have."""
    remaining = Sum(F("amount") - F("captured") - F("released"))
    sums = dict(Hold.objects.filter(OPEN).values_list("organization").annotate(total=remaining).order_by())
    for account in LedgerAccount.objects.filter(kind=LedgerAccount.Kind.HELD):
        expected = sums.get(account.organization_id, 0)
        if account.balance != expected:
            yield Difference("held", f"organization {account.organization_id}", f"{account.balance}, not {expected}")


def holds() -> Iterator[Difference]:
    """An unsettled reservation has its whole price held; whatever is settled or no reservation has nothing held."""
    open_holds = {hold.reference: hold for hold in Hold.objects.filter(OPEN)}
    for job in _unsettled():
        hold = open_holds.pop(job.pk, None)
        remaining = hold.remaining if hold else 0
        if remaining != job.price:
            yield Difference("hold", str(job.pk), f"{remaining} is held for a price of {job.price}")
    for reference, hold in open_holds.items():
        yield Difference("hold", str(reference), f"{hold.remaining} is held for no open reservation")


def paid() -> Iterator[Difference]:
    """What a settled job says it paid is what was captured from its hold. Looks at the last day's."""
    jobs = Job.objects.filter(settled_at__gte=clock.now() - RECENT)
    captured = dict(Hold.objects.filter(reference__in=jobs.values("pk")).values_list("reference", "captured"))
    for job_id, amount in jobs.values_list("pk", "paid"):
        if captured.get(job_id) != amount:
            yield Difference("paid", str(job_id), f"{amount}, but {captured.get(job_id)} was captured")


def credited() -> Iterator[Difference]:
    """Where a slot was lost, the credit that its job names is what was transferred. Looks at the last day's."""
    long_ago = clock.now() - RECENT
    given = Transfer.objects.filter(kind=Transfer.Kind.CREDIT, created_at__gte=long_ago)
    sums = dict(given.values_list("reference").annotate(Sum("amount")).order_by())
    due = Q(settled_at__gte=long_ago, credit__gt=0) | Q(pk__in=sums)
    for job_id, settled_at, credit in Job.objects.filter(due).values_list("pk", "settled_at", "credit"):
        expected = credit if settled_at else 0
        if sums.get(job_id, 0) != expected:
            yield Difference("credit", str(job_id), f"{expected} was to be given, but {sums.get(job_id, 0)} was")


def book() -> Iterator[Difference]:
    """The book has every unsettled reservation's units in each of its slots and in no other."""
    jobs = {job.pk: job for job in _unsettled()}
    entries: dict[UUID, list[BookEntry]] = defaultdict(list)
    for entry in BookEntry.objects.filter(reference__in=list(jobs)):
        if entry.reference:
            entries[entry.reference].append(entry)
    for job in jobs.values():
        assert job.run_start is not None
        assert job.run_end is not None
        booked = steps((entry.start_slot, entry.end_slot, entry.units) for entry in entries[job.pk])
        if booked != steps([(job.run_start, job.run_end, job.units)]):
            yield Difference("book", str(job.pk), f"booked {booked} for {job.units} units")


def promises() -> Iterator[Difference]:
    """No more is promised than there is, in any slot from the present one on.

    Lost units and head-room don't count as gone: the one happens, the other is only kept from sale.
    """
    for pool in Pool.objects.all():
        now, parts = pool.slot_now(), capacity.steps_by_cause(pool, pool.slot_now())
        whole = books.sum_of_entries(pool, pool.book_number, now)
        there = whole.minus(parts[BookEntry.Cause.LOST]).minus(parts[BookEntry.Cause.HEADROOM])
        for slot, free in zip(*there.free(now), strict=True):
            if free < 0:
                yield Difference("promises", f"{pool.slug} slot {slot}", f"{-free} units more than there are")


def snapshots() -> Iterator[Difference]:
    """The newest snapshot of each book is what its entries come to."""
    for pool in Pool.objects.all():
        for found in BookSnapshot.objects.filter(pool=pool).order_by("-number")[:1]:
            entries = books.sum_of_entries(pool, found.number, found.first_slot)
            if not Steps.from_bytes(found.steps).equals(entries):
                yield Difference("snapshot", f"{pool.slug} entry {found.number}", "not the sum of the entries up to it")


def overdue() -> Iterator[Difference]:
    """Nothing stays where it should have moved on from by itself."""
    long_ago = clock.now() - OVERDUE
    stuck = Q(state__in=[State.RESERVED, State.STARTING, State.RUNNING], end_at__lt=long_ago)
    unsettled = Q(state__in=FINAL, settled_at=None, finished_at__lt=long_ago)
    for job_id, state in Job.objects.filter(stuck | unsettled).values_list("pk", "state"):
        yield Difference("overdue", str(job_id), f"it is still {state} and not settled")


def datasets() -> Iterator[Difference]:
    """What a job that has not ended reads is there, and is what it says."""
    open_jobs = JobDataset.objects.filter(job__state__in=[State.RESERVED, State.STARTING, State.RUNNING])
    gone = ~Q(version__deleted_at=None) | ~Q(version__dataset__deleted_at=None)
    for one in open_jobs.filter(gone):
        yield Difference("dataset", str(one.job_id), f"{one.reference} was deleted, though it needs it")
    for one in open_jobs.exclude(version__number=F("number")):
        yield Difference("dataset", str(one.job_id), f"{one.reference} is another version by now")


CHECKS: dict[str, Callable[[], Iterator[Difference]]] = {
    "ledger_sum": ledger_sum,
    "balance": balances,
    "held": held,
    "hold": holds,
    "paid": paid,
    "credit": credited,
    "book": book,
    "promises": promises,
    "snapshot": snapshots,
    "overdue": overdue,
    "dataset": datasets,
}
"""Kind → the check that finds it, often."""
HISTORY: dict[str, Callable[[], Iterator[Difference]]] = {"checkpoint": checkpoints}
"""The same, for what reads all that ever was: seldom."""


def steps(spans: Iterable[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """The sum of spans (start, end, height) as (where it changes, height from there on), without steps of no height."""
    changes: dict[int, int] = defaultdict(int)
    for start, end, height in spans:
        changes[start] += height
        changes[end] -= height
    places = sorted(place for place, change in changes.items() if change)
    return list(zip(places, accumulate(changes[place] for place in places), strict=True))


def _unsettled() -> list[Job]:
    return list(Job.objects.filter(settled_at=None).exclude(state=State.REJECTED))
