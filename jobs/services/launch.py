"""Starts what is due: claims the job, then has the engine create and start its instance; finishes what was cut off.

The claim (state and attempt row, one transaction) comes before the engine is asked, so a crash between
leaves a row that names the instance. Jobs in `starting` are looked at again until their instance runs.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django_scopes import scopes_disabled

from era_platform.common import clock, metrics, storage
from era_platform.common.locks import advisory_lock
from era_platform.common.parallel import drain
from jobs.code import DamagedArchive
from jobs.engines import engine
from jobs.engines.attempt import AttemptFolder
from jobs.engines.base import EngineError, ImageError, InstanceSpec, Phase
from jobs.models import Attempt, Job
from jobs.selectors.inputs import lost
from jobs.services import events, finish, inputs, instances, observe, stage, transition
from jobs.states import State

BATCH, THREADS, SECONDS = 200, 8, 30.0
LONGEST_PAUSE = 30
FENCE = timedelta(seconds=30)
BEAT = timedelta(seconds=1)
"""How long until beat asks again (jobs/schedule.py); starts are whole seconds, so there is at most one till then."""

log = structlog.get_logger(__name__)


def launch_due() -> int:
    """Launch what is due; returns how many jobs were looked at."""
    return drain(due, launch, threads=THREADS, seconds=SECONDS)


def launch_on_time() -> int:
    """Launch what is due, then what starts before beat comes round again, at its own moment."""
    looked_at = launch_due()
    start = _next_start()
    if start:
        clock.wait_until(start)
        looked_at += launch_due()
    return looked_at


def _next_start() -> datetime | None:
    now = clock.now()
    with scopes_disabled():
        ahead = Job.objects.filter(state=State.RESERVED, start_at__gt=now, start_at__lte=now + BEAT)
        return ahead.order_by("start_at").values_list("start_at", flat=True).first()


def due() -> list[UUID]:
    with scopes_disabled():
        reserved = Job.objects.filter(state=State.RESERVED, start_at__lte=clock.now())
        starting = Job.objects.filter(state=State.STARTING)
        return [
            job_id
            for jobs in (reserved, starting)
            for job_id in jobs.order_by("start_at").values_list("pk", flat=True)[:BATCH]
        ]


def launch(job_id: UUID) -> None:
    """Bring one job as far towards running as it will go now. Harmless however often and wherever it is called."""
    with scopes_disabled(), advisory_lock(stage.lock_name(job_id)) as mine:
        job = Job.objects.select_related("pool", "code", "organization").filter(pk=job_id).first()
        if not mine or job is None:
            return
        with events.following(job):
            attempt = _claim(job) if job.state == State.RESERVED else _claimed(job)
            if attempt and _start(job, attempt):
                observe.observe(job.pk)


def _claim(job: Job) -> Attempt | None:
    """Take a due job for launching. None if it can't be launched (yet), or somebody else was first."""
    now = clock.now()
    if job.start_at is None or now < job.start_at:
        return None
    if job.is_over_at(now):
        finish.fail_platform(job, "its slot passed before it could be started")
        return None
    if job.staged_at is None and not _staged_late(job):
        return None
    if reference := lost(job):
        finish.fail_dataset(job, reference)
        return None
    with transaction.atomic():
        if not transition.move(job, State.STARTING, attempt=1):
            return None
        attempt = instances.open_attempt(job, 1)
    metrics.LAUNCHES.labels(job.pool.slug).inc()
    return attempt


def _staged_late(job: Job) -> bool:
    error = stage.prepare(job, wait=False)
    if isinstance(error, ImageError | DamagedArchive):  # trying again would not help
        finish.fail_platform(job, str(error))
    return error is None


def _claimed(job: Job) -> Attempt | None:
    """The attempt of a job whose launch is not finished, if it is time to go on with it."""
    if job.state != State.STARTING or job.is_over_at(clock.now()):
        return None
    attempt = Attempt.objects.filter(job=job, number=job.attempt, ended_at=None).first()
    if attempt is None or clock.now() < attempt.created_at + _pause(attempt.number):
        return None
    return attempt if _is_fenced(job, attempt) else None


def _is_fenced(job: Job, attempt: Attempt) -> bool:
    """Whether the attempt before this one is over for certain: on a node that was only cut off it may run on.

    It was told to stop, and holds its lock on the storage until it has. A node that doesn't even see the storage
    is not waited for longer than FENCE: what it writes belongs to its own attempt.
    """
    if attempt.number == 1 or clock.now() >= attempt.created_at + FENCE:
        return True
    before = AttemptFolder(storage.attempt_folder(job.pk, attempt.number - 1))
    return all(instance.runner() is None for instance in before.ranks())


def _pause(number: int) -> timedelta:
    """No pause before the first and second attempt; then ever longer, in case each is lost at once."""
    return timedelta(seconds=0 if number <= 2 else min(2 ** (number - 2), LONGEST_PAUSE))


def _start(job: Job, attempt: Attempt) -> bool:
    spec = instances.spec_of(job, attempt.number)
    try:
        if engine().inspect(spec.name, spec.attempt).phase in (Phase.ABSENT, Phase.CREATED):
            if reference := lost(job):
                return _give_up(job, spec, reference)
            inputs.lay_out(job, only_missing=True)
            spec.attempt.mkdir(mode=stage.PRIVATE, parents=True, exist_ok=True)
            engine().create(spec)
            engine().start(spec)
    except (EngineError, OSError) as error:
        metrics.LAUNCH_FAILURES.labels("launch").inc()
        log.warning("launch_failed", error=str(error))
        events.record_once(job, events.LAUNCH_FAILED, error=str(error)[:500])
        return False
    return True


def _give_up(job: Job, spec: InstanceSpec, reference: str) -> bool:
    """End a job that may not read one of its datasets any more; what was made for it goes."""
    engine().delete(spec.name, spec.attempt)
    finish.fail_dataset(job, reference)
    return False
