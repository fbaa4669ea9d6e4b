"""The only writer of Job.state: compare-and-set along the moves of jobs/states.py, with an event each."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from accounts.models import User
from era_platform.common import metrics
from era_platform.common.money import MICRO
from jobs.models import Batch, Job
from jobs.services import announce, events
from jobs.states import State, may_move

log = structlog.get_logger(__name__)


def begin(job: Job, *, actor: User | None) -> None:
    """Write a new job's first event, `reserved` or `rejected`. Part of the transaction that stored the job."""
    events.record(job, events.STATE, state=job.state, reason=job.reason, actor=actor.pk if actor else None)
    announce.appeared(job)
    transaction.on_commit(partial(_count_decision, job), robust=True)


def begin_many(organization_id: int, decided: Sequence[tuple[UUID, State, str]], *, actor: User | None) -> None:
    """Write the first event of each new job (id, state, reason). Part of the transaction that stored the jobs."""
    by = actor.pk if actor else None
    events.record_many(
        organization_id,
        [(job_id, events.STATE, state, {"reason": reason, "actor": by}) for job_id, state, reason in decided],
    )


def count_batch(batch: Batch, decided: Counter[tuple[str, str]]) -> None:
    """Count a batch's decisions, given by (pool, reason), as `begin` counts each job's."""
    for (pool, reason), count in decided.items():
        metrics.DECISIONS.labels(pool, reason or "accepted").inc(count)
    log.info("batch_decided", batch=str(batch.pk), size=batch.size, accepted=batch.accepted, price=batch.price)


def move(job: Job, target: State, *, detail: dict[str, Any] | None = None, **fields: Any) -> bool:
    """Move the job from the state, attempt and slot that `job` shows to `target`, and set `fields` with it.

    False, and nothing written, if the job is no longer there: somebody else was first. `job` is brought
    up to date otherwise. Raises ValueError for a move that no job may make.
    """
    source = State(job.state)
    if not may_move(source, target):
        raise ValueError(f"a job never moves from {source} to {target}")
    with transaction.atomic():
        here = Job.objects.filter(pk=job.pk, state=source, attempt=job.attempt, moved_to=job.moved_to)
        if not here.update(state=target, **fields):
            return False
        for name, value in {"state": target, **fields}.items():
            setattr(job, name, value)
        events.record(job, events.STATE, state=target, **_told(source, fields, detail))
        announce.changed(job)
        transaction.on_commit(partial(_count_move, job, source, target), robust=True)
    return True


def _told(source: State, fields: dict[str, Any], detail: dict[str, Any] | None) -> dict[str, Any]:
    kept = {name: fields[name] for name in ("attempt", "exit_code", "reason") if name in fields}
    return {"from": source} | kept | (detail or {})


def _count_move(job: Job, source: State, target: State) -> None:
    metrics.TRANSITIONS.labels(target).inc()
    log.info("job_moved", job=str(job.pk), source=str(source), target=str(target))


def _count_decision(job: Job) -> None:
    pool = job.pool.slug
    metrics.DECISIONS.labels(pool, job.reason or "accepted").inc()
    log.info("job_decided", job=str(job.pk), state=str(job.state), reason=job.reason, price=job.price)
    if job.price is not None and job.start_slot is not None and job.end_slot is not None:
        bought = job.units * (job.end_slot - job.start_slot)
        metrics.PRICES.labels(pool).observe(job.price / MICRO / bought)
