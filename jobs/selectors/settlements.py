"""What a job pays and gets back: the refund policy that it was sold under, applied to what happened to it."""

from collections.abc import Sequence
from datetime import datetime

from era_platform.common import clock
from jobs.models import Attempt, Job, JobEvent
from jobs.states import State
from pricing import refunds
from pricing.kernel import KERNEL_VERSION
from pricing.refunds import Settlement
from pricing.selectors import tables
from pricing.services.explanations import slot_prices

PLATFORM = "platform"
"""The reason of a job that failed through no doing of its own: it costs nothing."""
DATASET = "dataset"
"""The reason of one that was not started, for it may not read one of its datasets any more: it costs nothing, too."""


def settlement(job: Job) -> Settlement:
    """Of a final job whose instance is no more. `job.credit` is what was promised for a lost slot when it failed."""
    if job.reason in (PLATFORM, DATASET):
        failed = refunds.failed(job.refunds, job.price or 0, lost=_was_let_pass(job))
        return failed._replace(loss=max(failed.loss, job.credit))
    if job.attempt == 0:
        return _of_one_before_its_start(job, job.finished_at or clock.now())
    return _of_one_that_ran(job, last_alive(job))


def if_cancelled(job: Job, now: datetime) -> Settlement:
    """What it would come to if a job that is not final yet were cancelled now, and ended at once."""
    if job.state == State.RESERVED:
        return _of_one_before_its_start(job, now)
    return _of_one_that_ran(job, now)


def loss(job: Job) -> Settlement:
    """Of one whose slot was lost with a machine, and could not be moved."""
    return refunds.failed(job.refunds, job.price or 0, lost=True)


def _was_let_pass(job: Job) -> bool:
    """Whether its slot passed with nothing done for it, and none of its own things in the way: the platform was away.

    Once the engine has it, or couldn't get ready for it, its image may be what kept it: it must not earn by that.
    """
    if job.reason != PLATFORM or job.attempt > 0:
        return False
    return not JobEvent.objects.filter(job=job, kind=JobEvent.STAGING_FAILED).exists()


def last_alive(job: Job) -> datetime | None:
    """A cancelled job's instance may live a little longer than the job."""
    last = Attempt.objects.filter(job=job).order_by("-number").values_list("ended_at", flat=True).first()
    return max(filter(None, [job.finished_at, last]), default=None)


def unused_slots(job: Job, ended: datetime | None) -> tuple[int, int] | None:
    """The job's slots that begin at or after its end, as [first, end); None if there are none."""
    start, end = job.run_start, job.run_end
    if ended is None or start is None or end is None:
        return None
    first = max(start, clock.slot_at_or_after(ended, job.pool.slot_seconds))
    return (first, end) if first < end else None


def slot_costs(job: Job) -> Sequence[int]:
    """The price of each of its slots, in micro-credits, as they were decided; they add up to the job's price.

    Where the decision can't be recomputed (it was made by another kernel), the price is split evenly, and what does
    not divide falls to the first slots.
    """
    start, end, price = job.start_slot or 0, job.end_slot or 0, job.price or 0
    if job.kernel_version == KERNEL_VERSION:
        version = tables.version_of(job.forecast_id)
        number, units = job.book_number, job.units
        costs = slot_prices(job.pool, book_number=number, version=version, units=units, start=start, end=end)
        if min(costs) >= 0 and sum(costs) == price:
            return costs
    slots = end - start
    return [price // slots + (number < price % slots) for number in range(slots)]


def late_seconds(job: Job, until: datetime | None) -> float:
    """How long after its start the platform began it: until it ran, if all was there for it by then. Else until it was
    handed to the engine, for how long its image takes to come is not the platform's to promise.

    Where its first attempt has neither run nor ended yet, it is late by what has passed `until` then.
    """
    first = Attempt.objects.filter(job=job, number=1).first()
    if first is None or job.start_at is None:
        return 0.0
    was_ready = job.staged_at is not None and job.staged_at <= job.start_at
    began = first.started_at or first.ended_at or until if was_ready else None
    return max(0.0, ((began or first.created_at) - job.start_at).total_seconds())


def _of_one_before_its_start(job: Job, at: datetime) -> Settlement:
    """Who was given another start than was promised may decline it at any time, whatever the policy says."""
    if job.moved_to is not None:
        return Settlement(0, cancelled=job.price or 0)
    return refunds.cancelled(job.refunds, job.price or 0, _notice(job, at))


def _of_one_that_ran(job: Job, ended: datetime | None) -> Settlement:
    late, start, end = late_seconds(job, ended), job.run_start or 0, job.run_end or 0
    policy, length = job.refunds, end - start
    unused = unused_slots(job, ended)
    used_to = unused[0] - start if unused else length
    used_from = int(late // job.pool.slot_seconds)
    counts = (used_to < length and policy.unused_percent) or (used_from and late > policy.late_grace_seconds)
    costs = slot_costs(job) if counts else [job.price or 0, *[0] * (length - 1)]
    if not counts:
        used_from, used_to = 0, length
    return refunds.ran(policy, job.price or 0, costs, used_from=used_from, used_to=used_to, late_seconds=late)


def _notice(job: Job, at: datetime) -> float:
    return (job.start_at - at).total_seconds() if job.start_at else 0.0
