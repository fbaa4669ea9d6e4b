"""Before the slot: makes a job's folders, unpacks its code, and has the engine get ready, off the buyer's time."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django_scopes import scopes_disabled

from era_platform.common import clock, metrics, storage
from era_platform.common.locks import advisory_lock
from era_platform.common.parallel import drain
from jobs import code
from jobs.engines import engine
from jobs.engines.base import EngineError
from jobs.models import Job
from jobs.selectors import agents
from jobs.selectors.inputs import lost
from jobs.services import events, finish, inputs, instances
from jobs.states import State

AHEAD = timedelta(minutes=10)
BATCH, THREADS, SECONDS = 100, 4, 60.0
PUBLIC, PRIVATE = 0o755, 0o700


class DatasetLost(Exception):
    """The job has ended: its organization may not read this dataset any more."""


log = structlog.get_logger(__name__)


def stage_due() -> int:
    """Stage what starts within the next minutes; returns how many jobs were looked at."""
    return drain(due, stage, threads=THREADS, seconds=SECONDS)


def due() -> list[UUID]:
    until = clock.now() + AHEAD
    with scopes_disabled():
        waiting = Job.objects.filter(state=State.RESERVED, staged_at=None, start_at__lte=until)
        return list(waiting.order_by("start_at").values_list("pk", flat=True)[:BATCH])


def stage(job_id: UUID) -> None:
    """Stage one job unless that is done or under way. What fails is written down and tried again until the slot."""
    with scopes_disabled(), advisory_lock(lock_name(job_id)) as mine:
        job = Job.objects.select_related("pool", "code", "organization").filter(pk=job_id).first()
        if mine and job and job.state == State.RESERVED and job.staged_at is None:
            with events.following(job):
                prepare(job)


def prepare(job: Job, *, wait: bool = True) -> Exception | None:
    """Stage a job whose lock the caller holds; returns what went wrong. With `wait` it is not staged before agents
    say that enough nodes have what it needs; without, the nodes get what they still lack when it starts there."""
    if reference := lost(job):
        finish.fail_dataset(job, reference)
        return DatasetLost(reference)
    try:
        _make_ready(job)
    except (EngineError, OSError, code.DamagedArchive) as error:
        metrics.LAUNCH_FAILURES.labels("stage").inc()
        log.warning("staging_failed", error=str(error))
        events.record_once(job, events.STAGING_FAILED, error=str(error)[:500])
        return error
    if wait and not agents.is_ready(job, nodes=job.nodes):
        return None
    job.staged_at = clock.now()
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(staged_at=job.staged_at)
        events.record(job, events.STAGED)
    log.info("job_staged")
    return None


def lock_name(job_id: UUID) -> str:
    """Whoever calls the engine to make something for a job holds this lock."""
    return f"job.{job_id.hex}"


def _make_ready(job: Job) -> None:
    folder = storage.job_folder(job.pk)
    for name, mode in {"input": PUBLIC, "outputs": PUBLIC, "attempts": PRIVATE}.items():
        (folder / name).mkdir(mode=mode, parents=True, exist_ok=True)
    storage.attempt_folder(job.pk, 1).mkdir(mode=PRIVATE, exist_ok=True)
    if job.code:
        code.unpack(job.code, folder / "code")
    else:
        (folder / "code").mkdir(mode=PUBLIC, exist_ok=True)
    inputs.lay_out(job)
    engine().stage(instances.spec_of(job, 1))
