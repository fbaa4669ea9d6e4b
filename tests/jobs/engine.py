"""Jobs that really run, on the engine `process`, in slots that have just begun."""

from datetime import datetime

from django_scopes import scopes_disabled

from era_platform.common import clock, storage
from jobs.engines import engine
from jobs.models import Job
from jobs.services import instances, observe
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import reloaded, reserved
from tests.platform import eventually

SLEEP = ("sleep", "60")


def due(tenant: Tenant, pool: Pool, **fields: object) -> Job:
    """A job whose slot has just begun."""
    job = reserved(tenant, pool, **{"command": SLEEP, **fields})
    return slot_moved(job, clock.now())


def slot_moved(job: Job, start: datetime) -> Job:
    """The job as if it had been sold a slot from `start` on."""
    assert job.start_at is not None
    assert job.end_at is not None
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(start_at=start, end_at=start + (job.end_at - job.start_at))
    return reloaded(job)


def until_running(job: Job) -> Job:
    def look() -> bool:
        observe.observe(job.pk)
        return reloaded(job).state == "running"

    eventually(look, what="the job runs")
    return reloaded(job)


def remove_all(names: set[str]) -> None:
    """Remove instances, killing what runs in them."""
    for name in names:
        job_id, number = instances.parse_name(name) or (None, 0)
        assert job_id, name
        engine().delete(name, storage.attempt_folder(job_id, number))
