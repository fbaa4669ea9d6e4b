"""Ends attempts and jobs: final state and closed attempt in one transaction, money right after it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from era_platform.common import clock
from jobs.engines.base import Instance
from jobs.models import Attempt, Job
from jobs.selectors import settlements
from jobs.services import announce, instances, settle, transition
from jobs.states import State


def finish(
    job: Job,
    target: State,
    *,
    at: datetime,
    exit_code: int | None = None,
    reason: str = "",
    cause: str = "",
    **fields: Any,
) -> bool:
    """Give the job its final state, close its attempt and settle. False if somebody else was first."""
    detail = {"cause": cause} if cause else {}
    fields |= {"finished_at": at, "exit_code": exit_code, "reason": reason}
    with transaction.atomic():
        moved = transition.move(job, target, detail=detail, **fields)
        attempt = Attempt.objects.filter(job=job, ended_at=None).first()
        if moved and attempt:
            close(attempt, at=at, exit_code=exit_code, reason=cause or target)
    if moved:
        settle.settle(job.pk)
    return moved


def fail_platform(job: Job, cause: str) -> bool:
    """Fail the job for a reason of ours: all the money goes back."""
    return finish(job, State.FAILED, at=clock.now(), reason=settlements.PLATFORM, cause=cause)


def fail_dataset(job: Job, reference: str) -> bool:
    """Fail a job that has not begun, for it may not read one of its datasets any more."""
    cause = _("{dataset} can't be read by this organization any more").format(dataset=reference)
    return finish(job, State.FAILED, at=clock.now(), reason=settlements.DATASET, cause=cause)


def close(attempt: Attempt, *, at: datetime, exit_code: int | None = None, reason: str = "", **fields: Any) -> bool:
    """Say that the attempt's instance is no more, and how long its log has become."""
    rows = Attempt.objects.filter(pk=attempt.pk, ended_at=None).update(
        ended_at=at, exit_code=exit_code, reason=reason[:200], log_size=log_size(attempt), **fields
    )
    return bool(rows)


def close_as_seen(attempt: Attempt, instance: Instance) -> None:
    """Close the attempt of a job that was already final (cancelled), and settle."""
    ended = instance.ended_at or clock.now()
    with transaction.atomic():
        close(attempt, at=ended, exit_code=instance.exit_code, reason=instance.detail or str(attempt.job.state))
        announce.changed(attempt.job)  # the log is whole now
    settle.settle(attempt.job_id)


def log_size(attempt: Attempt) -> int:
    try:
        return (instances.folder_of(attempt) / "log").stat().st_size
    except FileNotFoundError:
        return 0
