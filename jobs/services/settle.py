"""Settles jobs that came to their end: takes or gives back the money, gives unused slots back to the book. Once each.

A job pays the whole price it was promised, whether it used all of its slots or not; nothing if it was
cancelled before its start or failed through the platform. Where its slot was lost with a machine, it is given
a credit, too (jobs/services/replan.py).
"""

from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django_scopes import scopes_disabled

from accounts.models import Hold
from accounts.services import ledger
from era_platform.common import clock, metrics
from era_platform.common.money import format_credits
from jobs.engines import engine
from jobs.engines.base import EngineError
from jobs.models import Attempt, Job
from jobs.services import events, instances
from jobs.states import FINAL, State
from pricing.models import BookEntry, Pool
from pricing.services import book

BATCH = 500
PLATFORM = "platform"
"""The reason of a job that failed through no doing of its own: it costs nothing."""

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
        job = unsettled().select_related("organization", "pool").filter(pk=job_id).first()
        if job is None:
            return False
        with events.following(job):
            pool = book.lock_pool(job.pool_id) if unused_slots(job) else job.pool
            ledger.lock_wallet(job.organization)
            return settle_locked(pool, job)


def settle_locked(pool: Pool, job: Job) -> bool:
    """Settle a final job. The caller's transaction holds the pool's row, if slots go back, and the wallet's."""
    settled_at, paid = clock.now(), owed(job)
    if not Job.objects.filter(pk=job.pk, state=job.state, settled_at=None).update(settled_at=settled_at, paid=paid):
        return False
    job.settled_at, job.paid = settled_at, paid
    held = Hold.objects.get(organization_id=job.organization_id, reference=job.pk)
    ledger.capture(held, paid)
    ledger.release(held, held.amount - paid)
    ledger.credit(job.organization, job.credit, reference=job.pk)
    _give_back(pool, job)
    credited = {"credit": format_credits(job.credit)} if job.credit else {}
    events.record(
        job, events.SETTLED, paid=format_credits(paid), released=format_credits(held.amount - paid), **credited
    )
    transaction.on_commit(partial(_count, job), robust=True)
    return True


def owed(job: Job) -> int:
    """What a final job pays, in micro-credits."""
    never_started = job.state == State.CANCELLED and job.attempt == 0
    return 0 if never_started or job.reason == PLATFORM else job.price or 0


def unused_slots(job: Job) -> tuple[int, int] | None:
    """The job's slots that begin at or after its end, as [first, end); None if there are none."""
    ended = _last_alive(job)
    start, end = job.run_start, job.run_end
    if ended is None or start is None or end is None:
        return None
    first = max(start, clock.slot_at_or_after(ended, job.pool.slot_seconds))
    return (first, end) if first < end else None


def _last_alive(job: Job) -> datetime | None:
    """A cancelled job's instance may live a little longer than the job."""
    last = Attempt.objects.filter(job=job).order_by("-number").values_list("ended_at", flat=True).first()
    return max(filter(None, [job.finished_at, last]), default=None)


def _give_back(pool: Pool, job: Job) -> None:
    unused = unused_slots(job)
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
