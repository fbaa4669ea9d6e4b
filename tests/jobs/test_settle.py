"""Settlement: every ending has its price and gives back its unused slots, once."""

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from accounts.models import Transfer
from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.engines.base import EndReason, Phase
from jobs.models import Attempt, Job
from jobs.services import finish, settle
from jobs.services.cancel import cancel
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.ways import (
    at_start,
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
    together,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
CREDITS = 100 * MICRO


@pytest.mark.parametrize(("code", "state"), [(0, "succeeded"), (3, "failed"), (137, "failed")])
def test_a_job_that_ended_by_itself_pays_for_the_slots_that_it_began(
    ours: Tenant, pool: Pool, code: int, state: str
) -> None:
    job = running(ours, pool)
    at_start(job, 70)
    job = exited(job, code)
    assert (job.state, job.exit_code, job.paid) == (state, code, job.price)
    assert balance(ours.organization) == CREDITS - (job.price or 0)
    assert balance(ours.organization, "held") == 0
    assert job.settled_at == clock.now()


def test_a_job_ended_by_its_slot_pays_and_has_no_slots_to_give_back(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at_start(job, 120)
    job = exited(job, 143, reason=EndReason.DEADLINE)
    assert (job.state, job.paid) == ("timed_out", job.price)
    assert booked(job) == [("reserve", 0, 2, 2)]


@pytest.mark.parametrize(
    ("after", "given_back"),
    [
        (0, [("release", 0, 2, -2)]),  # on the very boundary: not a moment of the slot was used
        (0.000001, [("release", 1, 2, -2)]),
        (59.999999, [("release", 1, 2, -2)]),
        (60, [("release", 1, 2, -2)]),
        (60.000001, []),
        (120, []),
        (300, []),
    ],
)
def test_unused_slots_go_back_from_the_next_boundary_on(
    ours: Tenant, pool: Pool, after: float, given_back: list[tuple[str, int, int, int]]
) -> None:
    job = running(ours, pool)
    at_start(job, after)
    exited(job, 0)
    assert booked(job) == [("reserve", 0, 2, 2), *given_back]


def test_slots_given_back_are_bought_at_once_and_the_running_one_is_not(
    ours: Tenant, theirs: Tenant, pool: Pool
) -> None:
    job = running(ours, pool, units=8, duration=3 * 60)
    at_start(job, 10)
    assert reserved(theirs, pool, units=8).start_slot == job.end_slot, "until then all is taken"
    exited(job, 0)
    assert booked(job) == [("reserve", 0, 3, 8), ("release", 1, 3, -8)]
    bought = reserved(theirs, pool, units=8)
    assert (bought.start_slot, bought.end_slot) == ((job.start_slot or 0) + 1, job.end_slot)


def test_cancelled_while_it_runs_its_next_slot_is_bought_as_soon_as_its_instance_has_ended(
    ours: Tenant, theirs: Tenant, pool: Pool
) -> None:
    job = running(ours, pool, units=8, duration=3 * 60)
    at_start(job, 70)
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    assert booked(job) == [("reserve", 0, 3, 8)], "its instance still has its grace"
    exited(job, 143, at=clock.now() + timedelta(seconds=4), reason=EndReason.TERMINATED)
    assert booked(job)[1:] == [("release", 2, 3, -8)]
    bought = reserved(theirs, pool, units=8, duration=60)
    assert bought.start_slot == (job.start_slot or 0) + 2


def test_a_failure_of_the_platform_costs_nothing_and_says_why(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    at_start(job, 30)
    with scopes_disabled():
        finish.fail_platform(job, "no node was left")
    job = reloaded(job)
    assert (job.state, job.reason, job.paid) == ("failed", "platform", 0)
    assert balance(ours.organization) == CREDITS
    assert booked(job)[-1] == ("release", 1, 2, -2)
    assert events(job)[-2].detail["cause"] == "no node was left"
    assert events(job)[-1].detail == {"paid": "0.00", "released": "0.045714", "failed": "0.045714"}


def test_settling_again_does_nothing(ours: Tenant, pool: Pool) -> None:
    job = exited(running(ours, pool), 0)
    assert not settle.settle(job.pk)
    assert settle.settle_due() == 0
    assert kinds(job).count("settled") == 1
    with scopes_disabled():
        moved = Transfer.objects.filter(reference=job.pk).order_by("id").values_list("kind", flat=True)
        assert list(moved) == ["hold", "capture", "release"]


@pytest.mark.django_db(transaction=True)
def test_of_many_settling_at_once_one_does(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    with scopes_disabled():
        finish.close(Attempt.objects.get(job=job), at=clock.now())
        Job.objects.filter(pk=job.pk).update(state="failed", finished_at=clock.now())
    assert sorted(together(*[lambda: settle.settle(job.pk)] * 6), key=str) == [*[False] * 5, True]
    hold = hold_of(job)
    assert (hold.captured, hold.captured + hold.released) == (22_857, job.price)
    assert len(booked(job)) == 2


def test_a_job_still_alive_is_not_settled(ours: Tenant, pool: Pool) -> None:
    for job in (reserved(ours, pool), starting(ours, pool), running(ours, pool)):
        assert not settle.settle(job.pk)
    assert settle.settle_due() == 0


def test_a_cancelled_job_is_settled_when_its_instance_is_gone_and_not_before(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at_start(job, 58)
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    assert not settle.settle(job.pk)
    job = exited(job, 143, at=clock.now() + timedelta(seconds=4), reason=EndReason.TERMINATED)
    assert (job.state, job.paid) == ("cancelled", job.price)
    assert booked(job) == [("reserve", 0, 2, 2)], "its grace reached into the second slot"


def test_each_tenant_pays_its_own(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    mine, other = running(ours, pool), running(theirs, pool)
    exited(mine, 0)
    assert balance(theirs.organization, "held") == other.price
    assert balance(theirs.organization) == CREDITS - (other.price or 0)
    exited(other, 1)
    assert balance(theirs.organization, "held") == 0


def test_a_job_that_cost_nothing_is_settled_without_a_transfer(ours: Tenant) -> None:
    job = exited(running(ours, a_pool(floor_price=0, list_price=0, ceiling_price=0)), 0)
    assert (job.paid, job.settled_at is not None) == (0, True)


def test_an_instance_is_removed_once_its_job_is_settled(ours: Tenant, pool: Pool) -> None:
    job = exited(running(ours, pool), 0)
    settle.settle_due()
    with scopes_disabled():
        assert job.attempts.get().deleted_at == clock.now()
        assert not settle.removable().exists()


def test_what_was_seen_late_counts_from_when_it_happened(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at_start(job, 600)
    ended = clock.now() - timedelta(seconds=580)
    assert seen(job, Phase.EXITED, ended_at=ended, exit_code=0).finished_at == ended
    assert booked(job)[-1] == ("release", 1, 2, -2)
