"""Cancelling: free before the start, paid after it, refused at the end, and never two things at once."""

import uuid

import pytest
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from era_platform.common.errors import Conflict, NotFound
from era_platform.common.money import MICRO
from jobs.engines.base import EndReason, Phase
from jobs.models import Job
from jobs.services import transition
from jobs.services.cancel import cancel
from jobs.states import State
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import (
    at_start,
    attempts,
    balance,
    booked,
    events,
    exited,
    hold_of,
    kinds,
    reloaded,
    reserved,
    running,
    seen,
    starting,
    states,
    together,
)

pytestmark = pytest.mark.django_db
CREDITS = 100 * MICRO


def cancelled(tenant: Tenant, job: Job) -> Job:
    return cancel(actor=tenant.member, organization=tenant.organization, job_id=job.pk)


def test_before_the_start_all_the_money_and_all_the_slots_go_back_at_once(ours: Tenant, pool: Pool) -> None:
    job = cancelled(ours, reserved(ours, pool))
    assert (job.state, job.paid) == ("cancelled", 0)
    assert balance(ours.organization) == CREDITS
    assert booked(job) == [("reserve", 0, 2, 2), ("release", 0, 2, -2)]
    assert kinds(job) == ["state", "state", "settled"]


def test_the_slots_can_be_sold_again(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    full = reserved(ours, pool, units=8)
    cancelled(ours, full)
    assert reserved(theirs, pool, units=8).start_slot == full.start_slot


@pytest.mark.usefixtures("held_clock")
def test_after_the_start_the_state_is_final_at_once_and_what_was_used_is_paid(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at_start(job, 70)
    job = cancelled(ours, job)
    assert (job.state, job.settled_at) == ("cancelled", None)
    job = exited(job, 143, reason=EndReason.TERMINATED)
    assert (job.state, job.paid, job.exit_code) == ("cancelled", job.price, None)
    assert attempts(job)[0].exit_code == 143


@pytest.mark.usefixtures("held_clock")
def test_one_that_is_starting_pays_too(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    at_start(job, 70)
    job = cancelled(ours, job)
    job = seen(job, Phase.ABSENT)
    assert (job.state, job.paid) == ("cancelled", job.price)
    assert attempts(job)[0].ended_at is not None


def test_twice_is_the_same_as_once(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    first, second = cancelled(ours, job), cancelled(ours, job)
    assert first.settled_at == second.settled_at
    assert states(job) == ["reserved", "cancelled"]


@pytest.mark.parametrize(("code", "state"), [(0, "Succeeded"), (1, "Failed")])
def test_what_has_ended_can_t_be_cancelled_and_the_answer_names_the_state(
    ours: Tenant, pool: Pool, code: int, state: str
) -> None:
    job = exited(running(ours, pool), code)
    with pytest.raises(Conflict, match=state) as refused:
        cancelled(ours, job)
    assert refused.value.extra == {"state": state.lower()}


def test_another_tenant_s_job_is_not_there(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    job = reserved(theirs, pool)
    with pytest.raises(NotFound):
        cancelled(ours, job)
    assert reloaded(job).state == "reserved"


def test_a_job_that_never_was_is_not_there(ours: Tenant) -> None:
    with pytest.raises(NotFound):
        cancel(actor=ours.member, organization=ours.organization, job_id=uuid.uuid4())


def test_who_did_it_is_written_down(ours: Tenant, pool: Pool) -> None:
    job = cancelled(ours, reserved(ours, pool))
    assert events(job)[1].detail["actor"] == ours.member.pk
    with scopes_disabled():
        assert AuditEvent.objects.get(action="job.cancelled").target == str(job.pk)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_give_the_money_back_once(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    results = together(*[lambda: cancelled(ours, job).state] * 6)
    assert results == ["cancelled"] * 6
    assert balance(ours.organization) == CREDITS
    assert len(booked(job)) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(5))
def test_against_a_launch_one_wins_and_the_money_follows(ours: Tenant, pool: Pool, _round: int) -> None:
    job = reserved(ours, pool)

    def claim() -> bool:
        with scopes_disabled():
            return transition.move(reloaded(job), State.STARTING, attempt=1)

    claim_won, answer = together(claim, lambda: cancelled(ours, job))
    assert answer.state == "cancelled"
    started = states(job) == ["reserved", "starting", "cancelled"]
    assert started is (claim_won is True)
    assert hold_of(job).released == (0 if started else job.price)
