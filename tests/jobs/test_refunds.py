"""How a job's own refund policy meets what happened to it, and what operators give by hand."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from accounts.models import AuditEvent, Transfer, User
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from era_platform.common.money import MICRO
from jobs.engines.base import EndReason, Phase
from jobs.models import Attempt, Job
from jobs.selectors import consistency, settlements
from jobs.services import launch, refunds
from jobs.services.cancel import cancel
from jobs.services.events import STAGING_FAILED, record_once
from notifications.models import Notice
from pricing.models import Pool
from pricing.refunds import Notice as Step
from pricing.refunds import Policy
from pricing.services import refund_policies
from tests.factories import Tenant, a_pool, a_user
from tests.jobs.ways import at_start, balance, events, exited, reloaded, reserved, running, seen, starting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
CREDITS = 100 * MICRO
HALF = Policy(notice=(Step(3600, 100), Step(0, 50)))


@pytest.fixture
def operator() -> User:
    return a_user("operator@example.com", is_staff=True)


@pytest.fixture
def paid(ours: Tenant, pool: Pool) -> Job:
    """A job that has used all of its slots."""
    job = running(ours, pool)
    at_start(job, 70)
    return exited(job, 0)


def begun_late(job: Job, seconds: float) -> Job:
    """Let the job, which is starting, be handed to the engine and run so long after its start."""
    at_start(job, seconds)
    with scopes_disabled():
        Attempt.objects.filter(job=job).update(created_at=clock.now())
        Job.objects.filter(pk=job.pk).update(staged_at=job.start_at)
    return seen(job, Phase.RUNNING, started_at=clock.now())


def test_the_policy_of_the_sale_holds_whatever_the_pool_has_by_now(ours: Tenant) -> None:
    pool = a_pool(refunds=HALF)
    job = reserved(ours, pool)
    refund_policies.change(actor=None, pool_id=pool.pk, policy=Policy(notice=()))
    later = reserved(ours, pool)
    with scope(organization=ours.organization):
        first = cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
        second = cancel(actor=ours.member, organization=ours.organization, job_id=later.pk)
    assert (first.paid, second.paid) == ((job.price or 0) // 2, later.price)


def test_nobody_changes_the_policy_that_a_job_was_sold_under(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    other = refund_policies.change(actor=None, pool_id=pool.pk, policy=HALF)
    with scopes_disabled(), transaction.atomic(), pytest.raises(IntegrityError):
        Job.objects.filter(pk=job.pk).update(refund_policy=other)
    with transaction.atomic(), pytest.raises(IntegrityError):
        type(other).objects.filter(pk=other.pk).update(unused_percent=0)


def test_the_same_policy_again_is_no_new_version(pool: Pool, operator: User) -> None:
    first = refund_policies.change(actor=operator, pool_id=pool.pk, policy=HALF)
    assert (first.version, first.policy) == (2, HALF)
    assert refund_policies.change(actor=operator, pool_id=pool.pk, policy=HALF) == first
    with scopes_disabled():
        assert AuditEvent.objects.filter(action="pool.refunds_changed").count() == 1


def test_a_policy_that_makes_no_sense_is_refused(pool: Pool) -> None:
    with pytest.raises(InvalidInput) as caught:
        refund_policies.change(actor=None, pool_id=pool.pk, policy=Policy(unused_percent=101))
    assert caught.value.field == "unused_percent"


def test_unused_slots_come_back_at_their_own_prices(ours: Tenant) -> None:
    pool = a_pool(refunds=Policy(unused_percent=100))
    with scopes_disabled():
        taken = reserved(ours, pool, units=6, duration=60)  # makes the first slot dearer than those after it
        assert taken.end_at
        until = taken.end_at + timedelta(minutes=2)
        job = running(ours, pool, earliest=taken.start_at, deadline=until, duration=180)
        costs = settlements.slot_costs(job)
    assert sum(costs) == job.price
    assert costs[0] > costs[2]
    at_start(job, 10)
    job = exited(job, 0)
    assert job.paid == costs[0]
    assert events(job)[-1].detail["unused"]


def test_what_the_slots_cost_is_split_evenly_where_the_decision_cant_be_made_again(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    job.kernel_version = "another"
    with scopes_disabled():
        assert settlements.slot_costs(job) == [22_857, 22_857]


def test_a_start_within_the_grace_is_on_time(ours: Tenant, pool: Pool) -> None:
    job = begun_late(starting(ours, pool), 60)
    clock.advance(30)
    job = exited(job, 0)
    assert (job.paid, job.credit) == (job.price, 0)


def test_a_late_start_gives_missed_slots_back_and_a_credit_for_each_minute(ours: Tenant, pool: Pool) -> None:
    job = begun_late(starting(ours, pool, duration=5 * 60), 130)
    at_start(job, 300)
    job = exited(job, 143, reason=EndReason.DEADLINE)
    price = job.price or 0
    with scopes_disabled():
        costs = settlements.slot_costs(job)
    assert (job.state, job.paid) == ("timed_out", price - sum(costs[:2]))
    assert job.credit == -(-price * 3 // 100)
    assert balance(ours.organization) == CREDITS - (job.paid or 0) + job.credit
    with scopes_disabled():
        assert list(consistency.credited()) == list(consistency.paid()) == []
        assert Notice.objects.get(job=job.pk).detail["credit"] == "0.003429"


def test_how_long_an_image_takes_to_come_is_not_the_platforms_lateness(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    at_start(job, 100)
    job = seen(job, Phase.RUNNING, started_at=clock.now())
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(staged_at=clock.now())
        Attempt.objects.filter(job=job).update(created_at=job.start_at)
    job = exited(reloaded(job), 0)
    assert (job.paid, job.credit) == (job.price, 0)


def test_if_cancelled_says_what_cancelling_then_does(ours: Tenant) -> None:
    pool = a_pool(refunds=HALF)
    for job in (reserved(ours, pool), running(ours, pool)):
        with scope(organization=ours.organization):
            said = settlements.if_cancelled(job, clock.now())
            done = cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
        if done.settled_at is None:
            done = exited(done, 143, reason=EndReason.TERMINATED)
        assert (said.paid, said.credit) == (done.paid, done.credit)


def test_an_operator_gives_back_no_more_than_was_paid(paid: Job, operator: User) -> None:
    before = balance(paid.organization)
    refunds.refund(actor=operator, job=paid, amount=20_000, reason="it was slow")
    with pytest.raises(Conflict) as caught:
        refunds.refund(actor=operator, job=paid, amount=25_715, reason="it was slow")
    assert caught.value.extra["left"] == "0.025714"
    refunds.refund(actor=operator, job=paid, amount=25_714, reason="it was slow")
    assert balance(paid.organization) == before + 45_714
    with scopes_disabled():
        assert refunds.refundable(paid) == 0
        assert [row.detail["reason"] for row in AuditEvent.objects.filter(action="job.refunded")] == ["it was slow"] * 2
        assert Notice.objects.filter(job=paid.pk, detail__reason="it was slow").count() == 2


def test_an_operator_credits_with_a_reason(paid: Job, theirs: Tenant, operator: User) -> None:
    before = balance(paid.organization)
    refunds.credit(actor=operator, organization=paid.organization, amount=5, reason="sorry", job=paid)
    assert balance(paid.organization) == before + 5
    with pytest.raises(InvalidInput, match="is not one of theirs"):
        refunds.credit(actor=operator, organization=theirs.organization, amount=5, reason="sorry", job=paid)
    with scopes_disabled():
        assert Transfer.objects.get(kind="credit").memo == f"sorry ({str(paid.pk)[:8]})"
        assert list(consistency.credited()) == []


@pytest.mark.parametrize(
    ("amount", "reason", "field"),
    [(0, "x", "amount"), (-1, "x", "amount"), (1, " ", "reason"), (1, "x" * 201, "reason")],
)
def test_neither_without_an_amount_and_a_reason(
    paid: Job, operator: User, amount: int, reason: str, field: str
) -> None:
    for give in (
        lambda: refunds.refund(actor=operator, job=paid, amount=amount, reason=reason),
        lambda: refunds.credit(actor=operator, organization=paid.organization, amount=amount, reason=reason),
    ):
        with pytest.raises(InvalidInput) as caught:
            give()
        assert caught.value.field == field


def test_a_slot_that_passes_with_the_platform_away_is_a_lost_one(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    at_start(job, 10_000)
    launch.launch(job.pk)
    ended = reloaded(job)
    assert (ended.state, ended.reason, ended.paid) == ("failed", settlements.PLATFORM, 0)
    assert ended.credit == -(-(job.price or 0) // 10)
    with scopes_disabled():
        assert list(consistency.credited()) == []


@pytest.mark.parametrize("began", [True, False])
def test_whose_image_may_be_why_it_never_ran_gets_the_price_back_only(ours: Tenant, pool: Pool, began: bool) -> None:
    job = (starting if began else reserved)(ours, pool)
    if not began:
        with scopes_disabled():
            record_once(job, STAGING_FAILED, error="no such image")
    at_start(job, 10_000)
    if began:
        seen(job, Phase.ABSENT)
    else:
        launch.launch(job.pk)
    ended = reloaded(job)
    assert (ended.reason, ended.paid, ended.credit) == (settlements.PLATFORM, 0, 0)
