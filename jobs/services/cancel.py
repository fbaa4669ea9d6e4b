"""Cancels a job: before its start in one transaction, after it by stopping its instance.

What comes back is said by the refund policy that it was sold under.
"""

from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.models import Organization, User
from accounts.services import audit, ledger
from era_platform.common import clock
from era_platform.common.errors import Conflict, NotFound
from jobs.engines import engine
from jobs.engines.base import EngineError
from jobs.models import Attempt, Job
from jobs.selectors import settlements
from jobs.services import instances, settle, transition
from jobs.states import State
from pricing.services import book

log = structlog.get_logger(__name__)


def cancel(*, actor: User, organization: Organization, job_id: UUID) -> Job:
    """The job, cancelled. Cancelling twice gives the same answer.

    Raises NotFound, or Conflict naming the state where it is too late.
    """
    with scope(organization=organization):
        # A job that moves on while we look is looked at again; it can do so only a few times.
        while not _try(actor, job := _load(organization, job_id)):
            continue
        return job


def _try(actor: User, job: Job) -> bool:
    if job.state == State.CANCELLED:
        return True
    if job.is_final:
        raise Conflict(
            _("The job can't be cancelled any more: its state is “{state}”.").format(state=job.get_state_display()),
            state=str(job.state),
        )
    if job.state == State.RESERVED:
        return _before_start(actor, job)
    return _after_start(actor, job)


def _before_start(actor: User, job: Job) -> bool:
    with transaction.atomic():
        pool = book.lock_pool(job.pool_id)
        ledger.lock_wallet(job.organization)
        return _move(actor, job) and settle.settle_locked(pool, job, settlements.settlement(job))


def _after_start(actor: User, job: Job) -> bool:
    """The state is final at once; settlement waits until the instance, which has its grace, is seen to have ended."""
    with transaction.atomic():
        if not _move(actor, job):
            return False
    attempt = Attempt.objects.filter(job=job, ended_at=None).first()
    if attempt:
        _terminate(attempt, job.pool.grace_seconds)
    return True


def _move(actor: User, job: Job) -> bool:
    moved = transition.move(job, State.CANCELLED, detail={"actor": actor.pk}, finished_at=clock.now())
    if moved:
        audit.record("job.cancelled", actor=actor, organization=job.organization, target=job.pk)
    return moved


def _terminate(attempt: Attempt, grace: float) -> None:
    try:
        engine().terminate(attempt.instance, instances.folder_of(attempt), grace)
    except (EngineError, OSError) as error:
        log.warning("termination_failed", job=str(attempt.job_id), error=str(error))  # observe tries again


def _load(organization: Organization, job_id: UUID) -> Job:
    job = (
        Job.objects.select_related("organization", "pool", "refund_policy")
        .filter(organization=organization, pk=job_id)
        .first()
    )
    if job is None:
        raise NotFound(_("There is no job {id}.").format(id=job_id))
    return job
