"""Tells pages and WebSocket clients that a job changed. A wake-up only: what is true stands in the database."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from era_platform.common import broadcast
from jobs.models import Job


def job_group(job_id: UUID) -> str:
    return f"job.{job_id.hex}"


def organization_group(organization_id: int) -> str:
    return f"org.{organization_id}"


def changed(job: Job) -> None:
    """On commit, tell who looks at this job, and who looks at its organization, which state it is in."""
    message = {"type": "org.job", "id": str(job.pk), "state": str(job.state), "name": job.name}
    on_commit(job_group(job.pk), {"type": "job.state", "state": str(job.state)})
    on_commit(organization_group(job.organization_id), message)


def log_grew(job_id: UUID) -> None:
    """Tell who reads this job's log that there is more of it."""
    broadcast.send(job_group(job_id), {"type": "job.log"})


def on_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(partial(broadcast.send, group, message), robust=True)
