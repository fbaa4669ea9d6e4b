"""Maintenance where units are promised: who is in the way is moved within the own window, or gets everything back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django_scopes import scope, scopes_disabled

from accounts.models import AuditEvent
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from jobs.models import Job
from jobs.selectors import consistency
from jobs.services import maintenance
from jobs.services.cancel import cancel
from jobs.services.maintenance import Preview, Wanted
from notifications.models import Notice
from notifications.services import fan_out, mails
from pricing.models import Outage, Pool
from pricing.refunds import Notice as Step
from pricing.refunds import Policy
from tests.factories import Tenant, a_pool, a_user, signed_in
from tests.jobs.ways import balance, events, kinds, reloaded, reserved, running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


def slot(pool: Pool, ahead: int) -> datetime:
    return clock.slot_start(pool.slot_now() + ahead, pool.slot_seconds)


def wanted(pool: Pool, units: int = 8, slots: int = 2, **other: Any) -> Wanted:
    """All of the pool in the next slots, where jobs of these tests are."""
    return replace(Wanted(pool.pk, units, slot(pool, 1), slot(pool, 1 + slots)), **other)


def take(asked: Wanted, seen: Preview | None = None) -> Any:
    seen = seen or maintenance.preview(asked)
    return maintenance.take(actor=a_user(), wanted=asked, reason="new firmware", seen=seen.seen)


def fixed(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    """One whose window has no other start than the next slot."""
    return reserved(tenant, pool, deadline=slot(pool, 3), **fields)


@pytest.fixture(autouse=True)
def all_adds_up(ours: Tenant) -> Iterator[None]:
    """Whatever a test does: book, money and promises agree after it."""
    yield
    with scopes_disabled():
        assert [found for check in consistency.CHECKS.values() for found in check()] == []


def test_a_job_in_the_way_moves_within_its_window_at_its_price(ours: Tenant, pool: Pool) -> None:
    job, before = reserved(ours, pool), balance(ours.organization)
    [seen] = maintenance.preview(wanted(pool)).affected
    assert (seen.job.pk, seen.start) == (job.pk, slot(pool, 3))
    _outage, outcome = take(wanted(pool))
    now = reloaded(job)
    assert [one.pk for one in outcome.moved] == [job.pk]
    assert (now.state, now.price, now.start_at, now.promised_start) == (
        "reserved",
        job.price,
        slot(pool, 3),
        job.start_at,
    )
    assert balance(ours.organization) == before
    assert kinds(job) == ["state", "moved"]
    assert events(job)[-1].detail["planned"] == "new firmware"


def test_one_that_fits_nowhere_ends_with_everything_back_and_a_credit(ours: Tenant) -> None:
    pool = a_pool(refunds=Policy(loss_credit_percent=10))
    before = balance(ours.organization)
    job = fixed(ours, pool)
    credit = -(-(job.price or 0) // 10)
    [seen] = maintenance.preview(wanted(pool)).affected
    assert (seen.start, seen.back, seen.credit) == (None, job.price, credit)
    take(wanted(pool))
    now = reloaded(job)
    assert (now.state, now.reason, now.paid, now.credit) == ("failed", "platform", 0, credit)
    assert balance(ours.organization) == before + credit


def test_nobody_is_moved_where_the_operator_wants_refunds(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    _outage, outcome = take(wanted(pool, rebook=False))
    assert ([one.pk for one in outcome.ended], outcome.moved) == ([job.pk], [])
    assert reloaded(job).state == "failed"


def test_no_more_are_touched_than_have_to_be(ours: Tenant, pool: Pool) -> None:
    for _number in range(3):
        fixed(ours, pool)
    assert maintenance.preview(wanted(pool, 2)).affected == []
    assert len(maintenance.preview(wanted(pool, 3)).affected) == 1
    assert len(maintenance.preview(wanted(pool, 3, rebook=False)).affected) == 1
    assert len(maintenance.preview(wanted(pool, 8)).affected) == 3


def test_whoever_is_moved_may_decline_whatever_the_policy_says(ours: Tenant) -> None:
    pool = a_pool(refunds=Policy(notice=(Step(0, 0),)))
    before = balance(ours.organization)
    job = reserved(ours, pool)
    take(wanted(pool))
    with scope(organization=ours.organization):
        cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    assert balance(ours.organization) == before


def test_what_was_not_seen_is_not_done(ours: Tenant, pool: Pool) -> None:
    seen = maintenance.preview(wanted(pool))
    job = reserved(ours, pool)
    with pytest.raises(Conflict, match="changed since you looked"):
        take(wanted(pool), seen)
    assert (Outage.objects.count(), reloaded(job).moved_to) == (0, None)


def test_what_runs_is_left_alone_and_named_as_the_reason(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    asked = wanted(pool)
    seen = maintenance.preview(asked)
    assert (seen.affected, seen.busy) == ([], slot(pool, 1))
    with pytest.raises(Conflict, match="can't be taken away"):
        take(asked, seen)
    assert (Outage.objects.count(), reloaded(job).state) == (0, "running")


def test_more_at_once_than_the_pool_can_wait_for_is_refused(
    ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "MOST", 1)
    jobs = [fixed(ours, pool) for _number in range(2)]
    with pytest.raises(Conflict, match="2 reservations are affected, more than 1"):
        take(wanted(pool))
    assert {reloaded(job).state for job in jobs} == {"reserved"}


@pytest.mark.parametrize("minutes", [(-10, 10), (10, 5)])
def test_a_window_that_makes_no_sense_is_told(pool: Pool, minutes: tuple[int, int]) -> None:
    since, until = (clock.now() + timedelta(minutes=each) for each in minutes)
    with pytest.raises(InvalidInput):
        maintenance.preview(Wanted(pool.pk, 1, since, until))


def test_until_further_notice_ends_what_lies_there_and_keeps_what_lies_before(ours: Tenant, pool: Pool) -> None:
    early, late = reserved(ours, pool), reserved(ours, pool, earliest=slot(pool, 10))
    _outage, outcome = take(wanted(pool, since=slot(pool, 5), until=None))
    assert [one.pk for one in [*outcome.moved, *outcome.ended]] == [late.pk]
    assert reloaded(early).state == "reserved"


def test_each_organization_is_told_once_of_its_own_jobs(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    jobs = [reserved(ours, pool), fixed(ours, pool), fixed(theirs, pool)]
    outage, _outcome = take(wanted(pool))
    with scopes_disabled():
        told = {notice.organization_id: notice for notice in Notice.objects.filter(kind="maintenance")}
        acts = AuditEvent.objects.filter(action="maintenance.reservations_changed", target=str(outage.pk))
        ids = {act.organization_id: act.detail for act in acts}
    assert ids[ours.organization.pk] == {"moved": [str(jobs[0].pk)], "ended": [str(jobs[1].pk)]}
    assert ids[theirs.organization.pk] == {"moved": [], "ended": [str(jobs[2].pk)]}
    detail = told[ours.organization.pk].detail
    named = {name: [each["job"] for each in detail[name]] for name in ("moved", "ended")}
    assert named == {"moved": [str(jobs[0].pk)], "ended": [str(jobs[1].pk)]}
    assert str(jobs[0].pk) not in str(told[theirs.organization.pk].detail)


def test_whose_jobs_are_moved_or_end_get_a_mail_that_says_which(ours: Tenant, pool: Pool) -> None:
    moved, ended = reserved(ours, pool, name="Blue whale"), fixed(ours, pool, name="Red fox")
    take(wanted(pool))
    fan_out.fan_out()
    assert mails.send_due() >= 1
    [told] = [each for each in mail.outbox if "Maintenance" in each.subject]
    assert told.to == [ours.member.email]
    assert "1 of your jobs were moved, 1 ended with your money back" in told.subject
    for job in (moved, ended):
        assert job.name in told.body
        assert f"/o/ours/jobs/{job.pk}/" in told.body
    page = signed_in(ours.member).get("/o/ours/notices/").content.decode()
    assert "1 of your jobs were moved, 1 ended with your money back" in page
