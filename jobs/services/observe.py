"""Looks at instances and moves their jobs accordingly: started, ended, out of time, or lost.

Load → ask the engine, outside any transaction → apply by compare-and-set. Looking twice, or from two
processes, is the same as once.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django_scopes import scopes_disabled

from era_platform.common import clock, metrics
from era_platform.common.locks import advisory_lock
from jobs.engines import engine
from jobs.engines.base import EndReason, EngineError, Instance, Phase
from jobs.models import Attempt
from jobs.services import events, finish, instances, placements, stage, transition
from jobs.states import State

THREADS = 8
RUNNER_MARGIN = timedelta(seconds=2)
"""How long after the slot's end the runner, which ends the job by itself, is given to show that it did."""
LAST_MARGIN = timedelta(seconds=10)
_SOMEWHERE = (Phase.RUNNING, Phase.EXITED, Phase.LOST)

log = structlog.get_logger(__name__)


def observe_all() -> int:
    """Look at every instance that may be alive; returns how many."""
    with scopes_disabled():
        attempts = list(live_attempts())
        with ThreadPoolExecutor(THREADS, thread_name_prefix="inspect") as executor:
            seen = executor.map(_look, attempts)
        for attempt, instance in zip(attempts, seen, strict=True):
            if instance:
                apply(attempt, instance)
    return len(attempts)


def observe(job_id: UUID) -> None:
    """Look at one job's instance, if it has one that may be alive."""
    with scopes_disabled():
        attempt = live_attempts().filter(job_id=job_id).first()
        instance = _look(attempt) if attempt else None
        if attempt and instance:
            apply(attempt, instance)


def live_attempts() -> QuerySet[Attempt]:
    return Attempt.objects.filter(ended_at=None).select_related("job__pool", "job__organization").order_by("id")


def _look(attempt: Attempt) -> Instance | None:
    try:
        return engine().inspect(attempt.instance, instances.folder_of(attempt))
    except (EngineError, OSError) as error:
        log.warning("inspection_failed", job=str(attempt.job_id), error=str(error))
        return None


def apply(attempt: Attempt, instance: Instance) -> None:
    """Move the attempt's job to where its instance shows that it is."""
    job = attempt.job
    if job.state == State.RUNNING and instance.phase == Phase.RUNNING and not job.is_over_at(clock.now()):
        return  # by far the most common: nothing to do, nothing to ask the database
    if instance.phase in _SOMEWHERE:
        placements.note(attempt, instance)
    step = _wind_down if job.is_final else _STEPS[instance.phase]
    with events.following(job):
        try:
            step(attempt, instance)
        except (EngineError, OSError) as error:
            log.warning("engine_failed", error=str(error))


def _not_started(attempt: Attempt, instance: Instance) -> None:
    """Launching goes on elsewhere until the slot has passed; an instance that ran and is absent is lost."""
    job = attempt.job
    if job.state == State.RUNNING:
        _lost(attempt, instance)
    elif job.is_over_at(clock.now()):
        _delete(attempt)
        finish.fail_platform(job, "its slot passed before it could be started")


def _running(attempt: Attempt, instance: Instance) -> None:
    _note_start(attempt, instance)
    _enforce_end(attempt)


def _note_start(attempt: Attempt, instance: Instance) -> bool:
    """Move a job whose command has begun to `running`. False if somebody else moved it."""
    job = attempt.job
    if job.state != State.STARTING:
        return True
    started = instance.started_at or clock.now()
    with transaction.atomic():
        moved = transition.move(job, State.RUNNING, started_at=job.started_at or started)
        if moved:
            Attempt.objects.filter(pk=attempt.pk).update(started_at=started)
    if moved and attempt.number == 1 and job.start_at:
        metrics.LATENESS.observe((started - job.start_at).total_seconds())
    return moved


def _enforce_end(attempt: Attempt) -> None:
    """The runner ends the job at its slot's end. Should it fail to, the platform does."""
    job, now = attempt.job, clock.now()
    assert job.end_at is not None
    if now >= job.end_at + LAST_MARGIN:
        _delete(attempt)
        finish.finish(job, State.TIMED_OUT, at=job.end_at, cause="removed after the end of its slot")
    elif now >= job.end_at + RUNNER_MARGIN:
        engine().terminate(attempt.instance, instances.folder_of(attempt), 0)


def _exited(attempt: Attempt, instance: Instance) -> None:
    job, ended = attempt.job, min(instance.ended_at or clock.now(), clock.now())
    if not _note_start(attempt, instance):
        return
    finish.finish(job, outcome(instance), at=ended, exit_code=instance.exit_code, cause=_cause(instance))


def outcome(instance: Instance) -> State:
    """What an ended instance makes of its job. Only the end of its slot stops a job that nobody cancelled."""
    if instance.reason in (EndReason.DEADLINE, EndReason.TERMINATED):
        return State.TIMED_OUT
    return State.SUCCEEDED if instance.exit_code == 0 else State.FAILED


def _cause(instance: Instance) -> str:
    return instance.detail or str(instance.reason or "")


def _lost(attempt: Attempt, instance: Instance) -> None:
    """The platform lost it: begin again while the slot lasts, else fail at no cost."""
    _delete(attempt)
    job, now = attempt.job, clock.now()
    log.warning("attempt_lost", attempt=attempt.number, detail=instance.detail)
    if job.is_over_at(now):
        finish.fail_platform(job, instance.detail or "its instance was lost")
        return
    with transaction.atomic():
        if transition.move(job, State.STARTING, attempt=attempt.number + 1, detail={"lost": attempt.number}):
            finish.close(attempt, at=now, reason=instance.detail or "lost", deleted_at=now)
            instances.open_attempt(job, attempt.number + 1)


def _wind_down(attempt: Attempt, instance: Instance) -> None:
    """See a cancelled job's instance off: it was asked to stop, and is removed when its grace is over."""
    job, now = attempt.job, clock.now()
    if instance.phase in (Phase.EXITED, Phase.LOST):
        finish.close_as_seen(attempt, instance)
        return
    with advisory_lock(stage.lock_name(job.pk)) as mine:
        if not mine:
            return  # its launch is still under way
        left = timedelta(seconds=job.pool.grace_seconds) - (now - (job.finished_at or now))
        if instance.phase == Phase.RUNNING and left > -RUNNER_MARGIN:
            engine().terminate(attempt.instance, instances.folder_of(attempt), max(left.total_seconds(), 0))
        else:
            _delete(attempt)
            finish.close_as_seen(attempt, instance)


def _delete(attempt: Attempt) -> None:
    engine().delete(attempt.instance, instances.folder_of(attempt))


_STEPS = {
    Phase.ABSENT: _not_started,
    Phase.CREATED: _not_started,
    Phase.RUNNING: _running,
    Phase.EXITED: _exited,
    Phase.LOST: _lost,
}
