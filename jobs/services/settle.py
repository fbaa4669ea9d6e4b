"""Settles jobs that came to their end: takes or gives back the money, gives unused slots back to the book. Once each.

What a job pays and what it is given on top is said by the refund policy that it was sold under
(jobs/selectors/settlements.py).
"""

from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django_scopes import scopes_disabled

from accounts.models import Hold
from accounts.services import budgets, ledger
from era_platform.common import clock, metrics
from era_platform.common.money import format_credits
from jobs.engines import engine
from jobs.engines.base import EngineError
from jobs.models import Attempt, Job
from jobs.selectors import settlements
from jobs.services import events, instances
from jobs.states import FINAL, State
from notifications.models import Kind
from notifications.services import outbox
from pricing.models import BookEntry, Pool
from pricing.refunds import Settlement
from pricing.services import book

BATCH = 500

log = structlog.get_logger(__name__)


def settle_due() -> int:
    """Settle what ended and remove the instances of what is settled; returns how many jobs were settled."""
    with scopes_disabled():
        count = sum(settle(job_id) for job_id in unsettled().values_list("pk", flat=True)[:BATCH])
        for attempt in removable()[:BATCH]:
            _remove(attempt)
    return count


def unsettled() -> QuerySet[Job]:
    """Final jobs whose money is still held and whose instance is no more."""
    alive = Attempt.objects.filter(job=OuterRef("pk"), ended_at=None)
    final = [state for state in FINAL if state != State.REJECTED]
    return Job.objects.filter(~Exists(alive), settled_at=None, state__in=final).order_by("finished_at")


def removable() -> QuerySet[Attempt]:
    ended = Attempt.objects.filter(deleted_at=None, ended_at__isnull=False, job__settled_at__isnull=False)
    return ended.order_by("id")


def settle(job_id: UUID) -> bool:
    """Settle one job if it is due for that. False if not, or if it was settled already."""
    with scopes_disabled(), transaction.atomic():
        job = unsettled().select_related("organization", "pool", "refund_policy").filter(pk=job_id).first()
        if job is None:
            return False
        with events.following(job):
            due = settlements.settlement(job)  # before the locks: it may have to recompute the decision
            unused = settlements.unused_slots(job, settlements.last_alive(job))
            pool = book.lock_pool(job.pool_id) if unused else job.pool
            ledger.lock_wallet(job.organization)
            return settle_locked(pool, job, due)


def settle_locked(pool: Pool, job: Job, due: Settlement) -> bool:
    """Settle a final job. The caller's transaction holds the pool's row, if slots go back, and the wallet's."""
    settled_at = clock.now()
    here = Job.objects.filter(pk=job.pk, state=job.state, settled_at=None)
    if not here.update(settled_at=settled_at, paid=due.paid, credit=due.credit):
        return False
    job.settled_at, job.paid, job.credit = settled_at, due.paid, due.credit
    held = Hold.objects.get(organization_id=job.organization_id, reference=job.pk)
    ledger.capture(held, due.paid)
    ledger.release(held, held.amount - due.paid)
    ledger.credit(job.organization, due.credit, reference=job.pk)
    if job.promised_start:
        budgets.give_back(job.organization_id, job.submitted_by_id, job.project_id, job.promised_start, due.back)
    _give_back(pool, job)
    told = {name: format_credits(amount) for name, amount in due._asdict().items() if amount and name != "paid"}
    events.record(job, events.SETTLED, paid=format_credits(due.paid), released=format_credits(due.back), **told)
    if due.missed or due.unused or due.failed or due.credit:
        _tell(job, due)
    transaction.on_commit(partial(_count, job), robust=True)
    return True


def _tell(job: Job, due: Settlement) -> None:
    amounts = {"back": format_credits(due.back), "credit": format_credits(due.credit)}
    key = f"settled/{job.pk}"
    outbox.tell(
        Kind.REFUNDED,
        organization=job.organization,
        key=key,
        job=job.pk,
        person=job.submitted_by_id,
        name=job.name,
        **amounts,
    )


def _give_back(pool: Pool, job: Job) -> None:
    unused = settlements.unused_slots(job, settlements.last_alive(job))
    if unused:
        first, end = unused
        book.append(
            pool, kind=BookEntry.Kind.RELEASE, start_slot=first, end_slot=end, units=-job.units, reference=job.pk
        )


def _remove(attempt: Attempt) -> None:
    try:
        engine().delete(attempt.instance, instances.folder_of(attempt))
    except (EngineError, OSError) as error:
        log.warning("removal_failed", job=str(attempt.job_id), error=str(error))
        return
    Attempt.objects.filter(pk=attempt.pk).update(deleted_at=clock.now())


def _count(job: Job) -> None:
    metrics.SETTLEMENTS.labels(job.state).inc()
    log.info("job_settled", job=str(job.pk), state=str(job.state), paid=job.paid)
