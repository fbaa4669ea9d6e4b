"""What an instance shows decides what its job is; what is seen twice counts once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.engines.base import EndReason, Instance, Phase
from jobs.models import Job
from jobs.services import observe
from jobs.services.cancel import cancel
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import attempts, balance, exited, reloaded, running, seen, starting, states, together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
A_MOMENT = timedelta(seconds=3)


def at(job: Job, *, after_end: float) -> None:
    assert job.end_at is not None
    clock.advance((job.end_at - clock.now()).total_seconds() + after_end)


def test_a_started_instance_makes_its_job_run_from_the_moment_it_started(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    began = clock.now() - A_MOMENT
    job = seen(job, Phase.RUNNING, started_at=began)
    assert (job.state, job.started_at) == ("running", began)
    assert attempts(job)[0].started_at == began


def test_one_that_was_over_before_anybody_looked_has_run_all_the_same(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    job = exited(job, 0)
    assert states(job) == ["reserved", "starting", "running", "succeeded"]
    assert job.started_at == job.start_at


def test_an_end_closes_the_attempt_with_what_it_left(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    job = exited(job, 7, at=clock.now() - A_MOMENT)
    attempt = attempts(job)[0]
    assert (attempt.exit_code, attempt.ended_at, attempt.reason) == (7, clock.now() - A_MOMENT, "exited")
    assert (job.exit_code, job.finished_at) == (7, attempt.ended_at)


@pytest.mark.parametrize("code", [0, 1, 137, 143])
def test_what_the_end_of_the_slot_ended_is_timed_out_whatever_its_code(ours: Tenant, pool: Pool, code: int) -> None:
    job = running(ours, pool)
    assert exited(job, code, reason=EndReason.DEADLINE).state == "timed_out"


def test_an_end_in_the_future_is_now(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    assert exited(job, 0, at=clock.now() + A_MOMENT).finished_at == clock.now()


def test_a_lost_instance_is_begun_again_while_its_slot_lasts(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    first_start = job.started_at
    job = seen(job, Phase.LOST, detail="the node is gone")
    assert (job.state, job.attempt) == ("starting", 2)
    first, second = attempts(job)
    assert (first.reason, first.ended_at) == ("the node is gone", clock.now())
    assert second.instance == f"era-{job.pk.hex}-2"
    assert seen(job, Phase.RUNNING, started_at=clock.now()).started_at == first_start


def test_an_instance_that_ran_and_is_absent_is_lost(ours: Tenant, pool: Pool) -> None:
    job = seen(running(ours, pool), Phase.ABSENT)
    assert (job.state, job.attempt) == ("starting", 2)


def test_an_instance_lost_after_its_slot_costs_nothing(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at(job, after_end=0)
    job = seen(job, Phase.LOST)
    assert (job.state, job.reason, job.paid) == ("failed", "platform", 0)
    assert balance(ours.organization) == 100 * MICRO


def test_an_instance_lost_in_the_last_moment_of_its_slot_is_begun_again(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at(job, after_end=-0.000001)
    assert seen(job, Phase.LOST).attempt == 2


@pytest.mark.parametrize("phase", [Phase.ABSENT, Phase.CREATED])
def test_what_has_not_started_is_waited_for_until_its_slot_has_passed(ours: Tenant, pool: Pool, phase: Phase) -> None:
    job = starting(ours, pool)
    at(job, after_end=-0.000001)
    assert seen(job, phase).state == "starting"
    at(job, after_end=0)
    job = seen(job, phase)
    assert (job.state, job.reason, job.paid) == ("failed", "platform", 0)


def test_one_that_the_runner_did_not_end_is_removed_and_timed_out(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at(job, after_end=9)
    assert seen(job, Phase.RUNNING).state == "running"
    at(job, after_end=10)
    job = seen(job, Phase.RUNNING)
    assert (job.state, job.finished_at, job.paid) == ("timed_out", job.end_at, job.price)


def test_a_cancelled_job_stays_cancelled_however_it_ends(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    job = exited(job, 0)
    assert (job.state, states(job)[-1]) == ("cancelled", "cancelled")
    assert job.settled_at is not None


def test_a_cancelled_job_that_does_not_end_is_removed_when_its_grace_is_over(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    clock.advance(pool.grace_seconds + 1)
    assert seen(job, Phase.RUNNING).settled_at is None
    clock.advance(2)
    assert seen(job, Phase.RUNNING).settled_at == clock.now()
    assert attempts(job)[0].ended_at == clock.now()


def test_what_was_seen_before_somebody_else_moved_the_job_changes_nothing(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    with scopes_disabled():
        stale = observe.live_attempts().get(job_id=job.pk)
        exited(job, 0)
        observe.apply(stale, Instance(stale.instance, Phase.LOST))
    assert (reloaded(job).state, len(attempts(job))) == ("succeeded", 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("phase", [Phase.EXITED, Phase.LOST])
def test_of_many_who_see_the_same_one_moves_the_job(ours: Tenant, pool: Pool, phase: Phase) -> None:
    job = running(ours, pool)
    with scopes_disabled():
        copies = [observe.live_attempts().get(job_id=job.pk) for _ in range(6)]

    def apply(number: int) -> Callable[[], None]:
        def act() -> None:
            with scopes_disabled():
                observe.apply(copies[number], Instance(copies[number].instance, phase, exit_code=0))

        return act

    assert together(*map(apply, range(6))) == [None] * 6
    assert len(states(job)) == 4
    assert len(attempts(job)) == (2 if phase == Phase.LOST else 1)
