"""Tells pages and WebSocket clients that a job changed. A wake-up only: what is true stands in the database."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from era_platform.common import broadcast
from jobs.models import Batch, Job


def job_group(job_id: UUID) -> str:
    return f"job.{job_id.hex}"


def organization_group(organization_id: int) -> str:
    return f"org.{organization_id}"


def appeared(job: Job) -> None:
    """On commit, tell who looks at the organization of this new job. Nobody can look at the job itself yet."""
    _tell_organization(job)


def changed(job: Job) -> None:
    """On commit, tell who looks at this job, and who looks at its organization, which state it is in."""
    on_commit(job_group(job.pk), {"type": "job.state", "state": str(job.state)})
    _tell_organization(job)


def _tell_organization(job: Job) -> None:
    message = {"type": "org.job", "id": str(job.pk), "state": str(job.state), "name": job.name}
    on_commit(organization_group(job.organization_id), message)


def batch_decided(batch: Batch) -> None:
    """On commit, tell who looks at the organization that it has many new jobs."""
    message = {"type": "org.batch", "id": str(batch.pk), "size": batch.size, "priced": batch.size, "done": True}
    on_commit(organization_group(batch.organization_id), message)


def batch_priced(organization_id: int, key: str, priced: int, size: int) -> None:
    """Tell at once how far the pricing of a batch is, of which nothing is promised yet; `key` is its sender's."""
    message = {"type": "org.batch", "key": key, "size": size, "priced": priced, "done": False}
    broadcast.send(organization_group(organization_id), message)


def log_grew(job_id: UUID) -> None:
    """Tell who reads this job's log that there is more of it."""
    broadcast.send(job_group(job_id), {"type": "job.log"})


def on_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(partial(broadcast.send, group, message), robust=True)
