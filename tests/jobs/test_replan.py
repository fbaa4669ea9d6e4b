"""Reservations whose machine is lost: kept, moved within their own windows, or ended with a refund and a credit."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Transfer
from era_platform.common import clock
from era_platform.common.errors import Conflict
from era_platform.common.money import format_credits
from jobs.engines.base import Phase
from jobs.models import Job
from jobs.selectors import consistency
from jobs.services import launch, receipts, reconcile, transition
from jobs.services.cancel import cancel
from jobs.services.replan import replan
from jobs.states import State
from notifications.services import fan_out, mails
from pricing.models import Outage, Pool
from pricing.refunds import Policy, failed
from pricing.selectors import books
from pricing.services import outages, refund_policies
from tests.factories import Tenant, a_pool, a_tenant
from tests.jobs.ways import (
    attempts,
    balance,
    booked,
    decided,
    events,
    exited,
    kinds,
    reloaded,
    reserved,
    running,
    seen,
    starting,
    together,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


def lose(pool: Pool, units: int) -> Outage:
    since = clock.slot_start(pool.slot_now() + 1, pool.slot_seconds)
    return outages.begin(
        actor=None, pool_id=pool.pk, cause=Outage.Cause.LOST, units=units, reason="node b", since=since
    )


def sold(tenant: Tenant, pool: Pool, **fields: Any) -> Any:
    """A reserved job: it has a price and a slot, so nothing that is asked of it here is None."""
    return reserved(tenant, pool, **fields)


def after(job: Job) -> Any:
    """The job as it is now."""
    return reloaded(job)


def only_slot(pool: Pool, slots: int = 2) -> datetime:
    """A deadline that leaves one start."""
    return clock.slot_start(pool.slot_now() + 1 + slots, pool.slot_seconds)


def crowded(tenant: Tenant, pool: Pool, slots: int = 4) -> Any:
    """A job of half the units that can move by two slots or more, in the slots of another one that can't."""
    job = sold(tenant, pool, units=4, deadline=only_slot(pool, slots))
    fixed = sold(tenant, pool, units=4, deadline=only_slot(pool))
    assert fixed.start_slot == job.start_slot
    return job


def test_where_all_still_fits_nothing_changes(ours: Tenant, pool: Pool) -> None:
    job = sold(ours, pool, units=4)
    lose(pool, 4)
    outcome = replan(pool.pk)
    assert (outcome.moved, outcome.ended, kinds(job)) == ([], [], ["state"])


def test_a_job_is_moved_within_its_window_and_keeps_its_price_and_its_receipt(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool)
    lose(pool, 4)
    assert [one.pk for one in replan(pool.pk).moved] == [job.pk]
    moved = after(job)
    assert (moved.start_slot, moved.moved_to, moved.run_end) == (job.start_slot, job.start_slot + 2, job.start_slot + 4)
    assert (moved.start_at, moved.end_at) == (job.end_at, job.deadline)
    assert (moved.promised_start, moved.promised_end) == (job.start_at, job.end_at)
    assert (moved.price, moved.state, moved.staged_at) == (job.price, "reserved", None)
    assert booked(moved) == [("reserve", 0, 2, 4), ("release", 0, 2, -4), ("reserve", 2, 4, 4)]
    assert events(job)[-1].detail == {
        "was": job.start_at.isoformat().replace("+00:00", "Z"),
        "start": moved.start_at.isoformat().replace("+00:00", "Z"),
    }
    with scopes_disabled():
        assert receipts.verify(moved).equal


def test_a_job_that_fits_nowhere_ends_with_its_money_back_and_a_credit(ours: Tenant, pool: Pool) -> None:
    before = balance(ours.organization)
    refund_policies.change(actor=None, pool_id=pool.pk, policy=Policy(loss_credit_percent=7))
    job = sold(ours, pool, units=6, deadline=only_slot(pool))
    refund_policies.change(actor=None, pool_id=pool.pk, policy=Policy(loss_credit_percent=70))
    lose(pool, 4)
    assert [one.pk for one in replan(pool.pk).ended] == [job.pk]
    ended, credit = after(job), -(-job.price * 7 // 100)
    assert (ended.state, ended.reason, ended.paid, ended.credit) == ("failed", "platform", 0, credit)
    assert balance(ours.organization) == before + credit
    with scopes_disabled():
        [given] = Transfer.objects.filter(kind="credit")
        assert (given.amount, given.reference, given.source.kind) == (credit, job.pk, "funding")
        assert receipts.verify(ended).equal
    assert kinds(job) == ["state", "state", "settled"]
    assert events(job)[1].detail["cause"].startswith("its machine was lost")
    assert booked(ended)[-1] == ("release", 0, 2, -6)


@pytest.mark.parametrize(("percent", "credit"), [(0, 0), (1, 1_235), (10, 12_346), (100, 123_457)])
def test_the_credit_is_a_part_of_the_price_rounded_up(percent: int, credit: int) -> None:
    assert failed(Policy(loss_credit_percent=percent), 123_457, lost=True).credit == credit


def test_the_head_room_keeps_promises_before_any_is_broken(ours: Tenant, held_clock: datetime) -> None:
    pool = a_pool(units=8, headroom_units=4)
    job = sold(ours, pool, units=4, deadline=only_slot(pool))
    lose(pool, 4)
    assert replan(pool.pk).ended == []
    assert after(job).state == "reserved"


def test_what_runs_stays_and_what_is_reserved_makes_room(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool, units=4, duration=600)
    other = sold(ours, pool, units=4, deadline=only_slot(pool))
    lose(pool, 4)
    assert [one.pk for one in replan(pool.pk).ended] == [other.pk]
    assert after(job).state == "running"


def test_a_new_attempt_goes_before_what_is_reserved(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool, units=4, duration=600)
    clock.advance(60)
    seen(job, Phase.LOST, detail="its node is down")
    other = sold(ours, pool, units=4, deadline=only_slot(pool))
    lose(pool, 4)
    assert [one.pk for one in replan(pool.pk).ended] == [other.pk]
    assert (after(job).state, after(job).attempt) == ("starting", 2)


def test_of_attempts_that_wait_for_a_machine_those_that_paid_least_end(ours: Tenant, pool: Pool) -> None:
    cheap: Any = starting(ours, pool, units=4, duration=600)
    clock.advance(60)
    dear: Any = starting(ours, pool, units=4, duration=600, deadline=clock.now() + timedelta(seconds=700))
    assert dear.price / dear.units > cheap.price / cheap.units
    lose(pool, 4)
    assert [one.pk for one in replan(pool.pk).ended] == [cheap.pk]
    ended = after(cheap)
    assert (ended.state, ended.reason, ended.paid) == ("failed", "platform", 0)
    assert ended.credit == -(-cheap.price * 10 // 100)
    assert [attempt.ended_at for attempt in attempts(cheap)] == [clock.now()]


def test_what_begins_later_than_is_looked_ahead_waits_for_the_node_to_come_back(ours: Tenant, pool: Pool) -> None:
    later = clock.now() + timedelta(minutes=30)
    job = sold(ours, pool, units=8, earliest=later, deadline=later + timedelta(minutes=4))
    outage = lose(pool, 4)
    assert replan(pool.pk, ahead=timedelta(minutes=20)).ended == []
    clock.advance(60)
    outages.end(actor=None, outage_id=outage.pk)
    clock.advance(15 * 60)
    assert replan(pool.pk, ahead=timedelta(minutes=20)).ended == []
    assert after(job).state == "reserved"


def test_what_is_about_to_give_its_units_back_is_not_fought_over(ours: Tenant, pool: Pool) -> None:
    leaving = running(ours, pool, units=4, duration=600)
    other = sold(ours, pool, units=4, deadline=only_slot(pool))
    cancel(actor=ours.member, organization=ours.organization, job_id=leaving.pk)
    lose(pool, 4)
    assert replan(pool.pk).ended == []
    exited(after(leaving), 0)
    assert (replan(pool.pk).ended, after(other).state) == ([], "reserved")


def test_a_moved_job_is_launched_in_its_new_slot_and_not_in_its_old_one(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool)
    lose(pool, 4)
    replan(pool.pk)
    clock.wait_until(job.start_at)
    assert job.pk not in launch.due()
    clock.wait_until(after(job).start_at)
    assert job.pk in launch.due()


def test_a_moved_job_gives_back_the_slots_it_was_moved_to(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool)
    lose(pool, 4)
    replan(pool.pk)
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    assert booked(after(job))[-1] == ("release", 2, 4, -4)


def test_a_job_can_be_moved_more_than_once(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool, slots=8)
    outage = lose(pool, 4)
    replan(pool.pk)
    outages.end(actor=None, outage_id=outage.pk)
    place = after(job)
    other = sold(ours, pool, units=4, earliest=place.start_at, deadline=place.end_at)
    lose(pool, 4)
    replan(pool.pk)
    assert (kinds(job).count("moved"), after(other).moved_to) == (2, None)
    with scopes_disabled():
        assert list(consistency.book()) == []


def test_many_are_moved_and_ended_a_few_at_a_time(ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.services.replan.MOST", 1)
    moves = crowded(ours, pool)
    later = clock.now() + timedelta(minutes=30)
    last = {"units": 4, "earliest": later, "deadline": later + timedelta(minutes=3)}
    one_of_two = [sold(ours, pool, **last) for _ in range(2)]
    ends = sold(ours, pool, units=8, earliest=later + timedelta(hours=1), deadline=later + timedelta(minutes=63))
    lose(pool, 4)
    outcome = replan(pool.pk)
    assert [job.pk for job in outcome.moved] == [moves.pk]
    assert {job.pk for job in outcome.ended} - {job.pk for job in one_of_two} == {ends.pk}
    assert len(outcome.ended) == 2
    with scopes_disabled():
        assert [found for check in consistency.CHECKS.values() for found in check()] == []


def test_the_database_refuses_a_move_out_of_the_window(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool)
    later = {"start_at": job.deadline, "end_at": job.deadline + timedelta(minutes=2)}
    with scopes_disabled(), pytest.raises(IntegrityError, match="within_its_window"), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(moved_to=job.start_slot + 4, **later)


def test_a_stale_look_at_a_job_that_was_moved_does_not_launch_it(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool)
    lose(pool, 4)
    replan(pool.pk)
    with scopes_disabled():
        assert not transition.move(job, State.STARTING, attempt=1)
    assert after(job).state == "reserved"


def test_people_are_told_once_by_mail_of_all_their_jobs(ours: Tenant, pool: Pool) -> None:
    later = clock.now() + timedelta(minutes=30)
    moved = crowded(ours, pool)
    ended = sold(ours, pool, units=8, earliest=later, deadline=later + timedelta(minutes=3))
    lose(pool, 4)
    replan(pool.pk)
    fan_out.fan_out()
    mails.send_due()
    [told] = [message for message in mail.outbox if "machine was lost" in message.subject]
    assert told.to == ["member@ours.example.com"]
    for job in (moved, ended):
        assert f"/jobs/{job.pk}/" in told.body
    assert "<" not in told.body


def test_pages_and_api_say_what_was_promised_and_what_is(ours: Tenant, pool: Pool) -> None:
    job = crowded(ours, pool)
    ended = sold(
        ours, pool, units=8, earliest=clock.now() + timedelta(minutes=30), deadline=clock.now() + timedelta(minutes=33)
    )
    lose(pool, 4)
    replan(pool.pk)
    api = ours.api().get(f"/api/v1/jobs/{job.pk}").json()
    assert (api["promised_start"], api["start"]) == (_text(job.start_at), _text(job.end_at))
    receipt = ours.api().get(f"/api/v1/jobs/{job.pk}/receipt").json()
    assert (receipt["start"], receipt["verification"]["equal"]) == (_text(job.start_at), True)
    page = ours.client().get(ours.page(f"jobs/{job.pk}/")).content.decode()
    assert "It was moved within its window" in page
    assert ours.api().get(f"/api/v1/jobs/{ended.pk}").json()["credit"] == format_credits(-(-ended.price // 10))
    page = ours.client().get(ours.page(f"jobs/{ended.pk}/")).content.decode()
    assert "no other slot within its window was free" in page


@pytest.mark.django_db(transaction=True)
def test_the_reconciler_finds_nothing_after_it(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    crowded(ours, pool)
    later = clock.now() + timedelta(minutes=30)
    sold(theirs, pool, units=8, earliest=later, deadline=later + timedelta(minutes=3))
    lose(pool, 4)
    outcome = replan(pool.pk)
    assert outcome.moved
    assert outcome.ended
    assert reconcile.reconcile() == []


@pytest.mark.django_db(transaction=True)
def test_whoever_submits_cancels_launches_or_plans_at_the_same_time_nothing_differs(
    ours: Tenant, theirs: Tenant, held_clock: datetime
) -> None:
    for _ in range(4):
        pool = a_pool()
        jobs = [crowded(ours, pool), *(sold(tenant, pool, units=1) for tenant in (ours, ours, theirs, theirs))]
        lose(pool, 4)
        gave = together(
            partial(replan, pool.pk),
            partial(replan, pool.pk),
            partial(cancel, actor=ours.member, organization=ours.organization, job_id=jobs[0].pk),
            partial(cancel, actor=ours.member, organization=ours.organization, job_id=jobs[1].pk),
            partial(decided, theirs, pool, units=2),
            partial(launch.launch, jobs[2].pk),
        )
        assert [error for error in gave if isinstance(error, Exception) and not isinstance(error, Conflict)] == []
        replan(pool.pk)
        assert reconcile.reconcile() == []
        assert {after(job).state for job in jobs} <= {"reserved", "failed", "cancelled"}


def test_a_credit_that_was_not_given_is_found(ours: Tenant, pool: Pool) -> None:
    job = sold(ours, pool, units=8, deadline=only_slot(pool))
    lose(pool, 4)
    replan(pool.pk)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(credit=1)
        assert [found.subject for found in consistency.credited()] == [str(job.pk)]


wanted = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 6), st.integers(0, 6))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(wanted, min_size=3, max_size=10), units=st.integers(1, 8), percent=st.integers(0, 100))
def test_after_any_loss_everybody_keeps_moves_within_the_window_or_has_all_back(
    asked: list[tuple[int, int, int, int]], units: int, percent: int
) -> None:
    before = transaction.savepoint()
    with clock.freeze(datetime.now(UTC).replace(second=10, microsecond=0)):
        tenant, pool = (
            a_tenant(f"tenant-{percent}-{units}", credits=10_000),
            a_pool(refunds=Policy(loss_credit_percent=percent)),
        )
        jobs = [_asked(tenant, pool, *each) for each in asked]
        jobs = [job for job in jobs if job.state == "reserved"]
        had, held = balance(tenant.organization), balance(tenant.organization, "held")
        lose(pool, units)
        replan(pool.pk)
        credits = 0
        back = 0
        with scope(organization=tenant.organization):
            for job in jobs:
                now = after(job)
                assert (now.price, now.start_slot, now.end_slot) == (job.price, job.start_slot, job.end_slot)
                if now.state == "failed":
                    credits += -(-job.price * percent // 100)
                    back += job.price
                else:
                    assert now.state == "reserved"
                    assert now.start_at == job.start_at or _within(now)
                assert receipts.verify(now).equal
        assert balance(tenant.organization) == had + back + credits
        assert balance(tenant.organization, "held") == held - back
        _nothing_is_over_promised(pool, jobs)
        with scopes_disabled():
            assert [found for check in consistency.CHECKS.values() for found in check()] == []
    transaction.savepoint_rollback(before)
    books._books.clear()


def _asked(tenant: Tenant, pool: Pool, units: int, slots: int, wait: int, room: int) -> Any:
    first = clock.slot_start(pool.slot_now() + 1 + wait, 60)
    return decided(
        tenant,
        pool,
        units=units,
        duration=60 * slots,
        earliest=first,
        deadline=first + timedelta(seconds=60 * (slots + room)),
    )


def _within(job: Any) -> bool:
    return bool(job.earliest <= job.start_at and job.end_at <= job.deadline)


def _nothing_is_over_promised(pool: Pool, jobs: list[Job]) -> None:
    """By adding up the jobs, slot by slot."""
    pool.refresh_from_db()
    first = pool.slot_now() + 1
    steps = books.steps_as_of(pool, pool.book_number, first)
    there = steps.levels(steps.capacity, first, first + 30)
    now = [job for job in map(after, jobs) if job.state == "reserved"]
    for place, units in enumerate(there):
        slot = first + place
        assert sum(job.units for job in now if job.run_start <= slot < job.run_end) <= max(0, units)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
