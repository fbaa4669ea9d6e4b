"""Writes down what happens to a job, and under whose request."""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from era_platform.common import clock, rows, tracing
from era_platform.common.bulk import copy_rows
from jobs.models import Job, JobEvent

STATE = "state"
STAGED, STAGING_FAILED, LAUNCH_FAILED = "staged", JobEvent.STAGING_FAILED, "launch_failed"
LOST, SETTLED = "attempt_lost", "settled"
MOVED = "moved"


def record(job: Job, kind: str, *, state: str = "", **detail: Any) -> JobEvent:
    event = JobEvent(
        organization_id=job.organization_id,
        job=job,
        kind=kind,
        state=state,
        detail=detail,
        request_id=tracing.request_id(),
    )
    rows.add(event)
    return event


def record_many(organization_id: int, happened: Iterable[tuple[UUID, str, str, dict[str, Any]]]) -> None:
    """Write down what happened to many jobs at once: (job, kind, state, detail) each."""
    request_id, at = tracing.request_id(), clock.now()
    columns = ("organization_id", "request_id", "at", "job_id", "kind", "state", "detail")
    copy_rows(
        JobEvent,
        columns,
        (
            (organization_id, request_id, at, job_id, kind, str(state), json.dumps(detail))
            for job_id, kind, state, detail in happened
        ),
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
