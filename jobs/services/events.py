"""Writes down what happens to a job, and under whose request."""

from contextlib import AbstractContextManager
from typing import Any

from era_platform.common import tracing
from jobs.models import Job, JobEvent

STATE = "state"
STAGED, STAGING_FAILED, LAUNCH_FAILED = "staged", "staging_failed", "launch_failed"
LOST, SETTLED = "attempt_lost", "settled"


def record(job: Job, kind: str, *, state: str = "", **detail: Any) -> JobEvent:
    return JobEvent.objects.create(
        organization_id=job.organization_id,
        job=job,
        kind=kind,
        state=state,
        detail=detail,
        request_id=tracing.request_id(),
    )


def record_once(job: Job, kind: str, **detail: Any) -> None:
    """Write it down unless it is what happened last: something tried every second may fail the same way each time."""
    last = JobEvent.objects.filter(job=job).order_by("-id").first()
    if last is None or (last.kind, last.detail) != (kind, detail):
        record(job, kind, **detail)


def following(job: Job) -> AbstractContextManager[None]:
    """Work on behalf of the request that submitted the job: its id is in every log line and event within."""
    first = JobEvent.objects.filter(job=job).order_by("id").values_list("request_id", flat=True).first()
    return tracing.following(first or "", job=str(job.pk))
