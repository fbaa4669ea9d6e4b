"""From a job and the number of an attempt to what an engine needs to run it."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from datasets import store
from era_platform.common import storage
from jobs import outputs
from jobs.engines import engine
from jobs.engines.base import InstanceSpec, ReadOnly
from jobs.models import Attempt, Job
from jobs.selectors.inputs import inputs_of

_NAME = re.compile(r"era-([0-9a-f]{32})-([1-9][0-9]{0,8})")


def name_of(job_id: UUID, number: int) -> str:
    """Derived from job and attempt, so that launching twice makes one instance."""
    return f"era-{job_id.hex}-{number}"


def parse_name(name: str) -> tuple[UUID, int] | None:
    """Job and attempt of an instance's name; None where the name is none of ours."""
    found = _NAME.fullmatch(name)
    return (UUID(found[1]), int(found[2])) if found else None


def folder_of(attempt: Attempt) -> Path:
    return storage.attempt_folder(attempt.job_id, attempt.number)


def open_attempt(job: Job, number: int) -> Attempt:
    """The row that says which instance may exist from now on. Part of the transaction that moves the job."""
    return Attempt.objects.create(
        organization_id=job.organization_id,
        job=job,
        number=number,
        engine=engine().name,
        instance=name_of(job.pk, number),
    )


def spec_of(job: Job, number: int) -> InstanceSpec:
    """The spec of one attempt of a job that has a slot. Engines add what depends on where they mount the folders."""
    pool, folder = job.pool, storage.job_folder(job.pk)
    assert job.end_at is not None
    return InstanceSpec(
        name=name_of(job.pk, number),
        image=job.image,
        command=tuple(job.command),
        env={**job.env, **_told(job)},
        organization_id=job.organization_id,
        pool=pool.slug,
        units=job.units,
        cpus=float(pool.unit_cpus * job.units),
        memory_mib=pool.unit_memory_mib * job.units,
        gpus=pool.unit_gpus * job.units,
        code=folder / "code",
        inputs=folder / "input",
        outputs=storage.output_folder(job.pk, number),
        attempt=storage.attempt_folder(job.pk, number),
        stop_at=job.end_at - timedelta(seconds=pool.grace_seconds),
        end_at=job.end_at,
        previous=outputs.before(job.pk, number),
        network=job.network,
        nodes=job.nodes,
        datasets=tuple(
            ReadOnly(one.path, store.tree_path(one.version.organization_id, one.version_id)) for one in inputs_of(job)
        ),
        labels={"era.job": str(job.pk), "era.attempt": str(number), "era.pool": pool.slug},
    )


def _told(job: Job) -> dict[str, str]:
    assert job.end_at is not None
    end = job.end_at.isoformat().replace("+00:00", "Z")
    told = {"ERA_JOB_ID": str(job.pk), "ERA_UNITS": str(job.units), "ERA_SLOT_END": end}
    if job.batch_id:
        told |= {"ERA_BATCH_ID": str(job.batch_id), "ERA_BATCH_INDEX": str(job.batch_index)}
    return told
