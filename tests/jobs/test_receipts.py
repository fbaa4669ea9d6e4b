"""Receipts: every decision comes out again as it was recorded, and what was tampered with is named."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django_scopes import scopes_disabled

from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.domain import INSUFFICIENT_FUNDS
from jobs.models import Batch, Job
from jobs.services import receipts
from jobs.services.cancel import cancel
from jobs.services.submit_batch import submit_batch
from jobs.states import State
from pricing.models import BookEntry, Outage, Pool
from pricing.selectors import books
from pricing.selectors.replay import Replay
from pricing.services import outages, snapshots
from pricing.services.pools import change_capacity, change_prices
from pricing.services.receipts import Verdict
from tests.factories import Tenant, a_pool
from tests.jobs.ways import asked, decided, reloaded, reserved, running, unguarded

pytestmark = pytest.mark.django_db


def refused(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    job = decided(tenant, pool, **{"value": 1} | fields)
    assert job.state == State.REJECTED
    return job


def verified(job: Job) -> Verdict:
    return receipts.verify(reloaded(job))


def test_a_reservation_and_a_refusal_come_out_as_they_were_recorded(ours: Tenant, pool: Pool) -> None:
    for job in (reserved(ours, pool), refused(ours, pool)):
        assert verified(job).equal


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("window_too_short", {"duration": 3 * 3600}),
        ("beyond_horizon", {"duration": 25 * 3600, "deadline": timedelta(hours=48)}),
        ("too_many_units", {"units": 9}),
        ("price_above_value", {"value": 1}),
        ("no_capacity", {"units": 7}),
    ],
)
def test_every_kind_of_refusal_verifies(ours: Tenant, pool: Pool, reason: str, fields: dict[str, Any]) -> None:
    reserved(ours, pool, units=2, duration=3600, deadline=clock.now() + timedelta(minutes=61))
    if "deadline" in fields:
        fields = fields | {"deadline": clock.now() + fields["deadline"]}
    job = decided(ours, pool, **fields)
    assert (job.reason, verified(job).equal) == (reason, True)


def test_what_came_later_changes_no_verdict(held_clock: datetime, ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    first, turned_away = reserved(ours, pool), refused(ours, pool)
    reserved(theirs, pool, units=6)
    cancel(actor=ours.member, organization=ours.organization, job_id=first.pk)
    change_prices(actor=None, pool_id=pool.pk, floor=MICRO, listed=2 * MICRO, ceiling=3 * MICRO)
    change_capacity(actor=None, pool_id=pool.pk, units=20)
    outages.begin(actor=None, pool_id=pool.pk, cause=Outage.Cause.LOST, units=8, reason="fire")
    snapshots.write(Pool.objects.get(pk=pool.pk))
    clock.advance(2 * 3600)
    assert verified(first).equal
    assert verified(turned_away).equal


def test_a_job_that_failed_through_the_platform_still_verifies(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(state=State.FAILED, reason="platform")
    assert verified(job).equal


def test_each_job_of_a_batch_verifies_whether_bought_refused_or_not_paid_for(ours: Tenant, pool: Pool) -> None:
    requests = [asked(pool), asked(pool, value=1), asked(pool, units=8, duration=3000), asked(pool, units=1)] * 8
    requests[-1] = asked(pool, units=8, duration=60 * 60 * 23, deadline=clock.now() + timedelta(days=2), value=10**12)
    with scopes_disabled():
        batch = submit_batch(
            actor=ours.member, organization=ours.organization, requests=requests, mode=Batch.Mode.BEST_EFFORT
        )
        jobs = list(batch.jobs.all())
    assert {job.reason for job in jobs} >= {"", "price_above_value", INSUFFICIENT_FUNDS}
    assert [verified(job).differences for job in jobs] == [()] * len(requests)


def test_what_was_decided_can_not_be_changed(ours: Tenant, pool: Pool) -> None:
    bought, turned_away = reserved(ours, pool), refused(ours, pool)
    changes: list[tuple[Job, dict[str, Any]]] = [
        (bought, {"price": 1}),
        (bought, {"start_slot": 1}),
        (bought, {"value": 1}),
        (bought, {"book_number": 0}),
        (bought, {"terms": {}}),
        (turned_away, {"reason": "no_capacity"}),
        (turned_away, {"alternatives": []}),
    ]
    for job, change in changes:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), scopes_disabled():
            Job.objects.filter(pk=job.pk).update(**change)


@pytest.mark.parametrize("name", ["slot_seconds", "horizon_slots"])
def test_a_pool_keeps_its_slots_and_its_horizon(pool: Pool, name: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Pool.objects.filter(pk=pool.pk).update(**{name: 3})


def tampered(job: Job, column: str, value: Any) -> Verdict:
    unguarded("jobs_job", f"UPDATE jobs_job SET {column} = %s WHERE id = %s", value, job.pk)
    return verified(job)


def test_a_price_that_was_tampered_with_is_named_with_both_amounts(ours: Tenant, pool: Pool) -> None:
    verdict = tampered(reserved(ours, pool), "price", 12_345_678)
    assert [tuple(each) for each in verdict.differences] == [("price", "12.345678", "0.045714")]


def test_a_start_that_was_tampered_with_is_named(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    assert job.start_slot is not None
    verdict = tampered(job, "start_slot", job.start_slot + 1)
    assert [each.field for each in verdict.differences] == ["start"]


def test_a_refusal_without_its_alternatives_differs(ours: Tenant, pool: Pool) -> None:
    verdict = tampered(refused(ours, pool), "alternatives", "[]")
    assert [each.field for each in verdict.differences] == ["alternatives"]


def test_alternatives_of_another_version_bind_nobody_and_are_not_compared(ours: Tenant, pool: Pool) -> None:
    job = refused(ours, pool)
    unguarded("jobs_job", "UPDATE jobs_job SET offers_version = 'offers/0' WHERE id = %s", job.pk)
    assert tampered(job, "alternatives", "[]").equal
    assert not tampered(job, "price", 1).equal


def test_a_book_that_was_tampered_with_shows(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool, units=5, duration=55 * 60)
    job = reserved(ours, pool, deadline=clock.now() + timedelta(minutes=30))
    unguarded("pricing_bookentry", "UPDATE pricing_bookentry SET units = 1 WHERE kind = 'reserve' AND units = 5")
    assert not verified(job).equal


def test_a_decision_of_another_kernel_is_not_called_equal(ours: Tenant, pool: Pool) -> None:
    verdict = tampered(reserved(ours, pool), "kernel_version", "basic-econ/0")
    assert not verdict.equal
    assert "basic-econ/0" in verdict.fault


@pytest.mark.parametrize("terms", ["{}", '{"slot_seconds": 60, "horizon_slots": 1440, "late_penalty": 1}'])
def test_terms_that_are_not_known_here_are_a_fault(ours: Tenant, pool: Pool, terms: str) -> None:
    assert tampered(reserved(ours, pool), "terms", terms).fault


def test_a_book_number_that_never_was_is_a_fault(ours: Tenant, pool: Pool) -> None:
    assert "99" in tampered(reserved(ours, pool), "book_number", 99).fault


# --- the command ---


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_receipt", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_verifies_one_job(ours: Tenant, pool: Pool) -> None:
    assert "1 recomputed, 1 equal, 0 not" in said(str(reserved(ours, pool).pk))


def test_the_command_verifies_all_jobs_of_all_pools(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    other = a_pool("other")
    for tenant in (ours, theirs):
        for each in (pool, other):
            reserved(tenant, each)
            refused(tenant, each)
    assert "8 recomputed, 8 equal, 0 not" in said("--all")


def test_the_command_names_each_difference_and_fails(ours: Tenant, pool: Pool) -> None:
    right, wrong = reserved(ours, pool), reserved(ours, pool)
    tampered(wrong, "price", 1)
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 receipts do not verify"):
        call_command("verify_receipt", "--all", stdout=out)
    assert f"{wrong.pk}: price: recorded 0.000001, recomputed 0.045714" in out.getvalue()
    assert str(right.pk) not in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "either the id of a job, or --all"),
        ((str(uuid4()), "--all"), "either the id of a job, or --all"),
        (("abc",), "'abc' is not the id of a job"),
        ((str(UUID(int=7)),), f"There is no job {UUID(int=7)}"),
    ],
)
def test_the_command_says_what_is_wrong_with_what_it_was_given(
    db: None, arguments: tuple[str, ...], error: str
) -> None:
    with pytest.raises(CommandError, match=error):
        said(*arguments)


# --- going through a book ---


def entries(pool: Pool, count: int) -> Pool:
    first = pool.slot_now() + 1
    BookEntry.objects.bulk_create(
        BookEntry(pool=pool, number=number, kind="reserve", start_slot=first + number % 7, end_slot=first + 9, units=1)
        for number in range(pool.book_number + 1, pool.book_number + 1 + count)
    )
    Pool.objects.filter(pk=pool.pk).update(book_number=pool.book_number + count)
    return Pool.objects.get(pk=pool.pk)


def test_a_replay_gives_the_book_at_each_number_in_whatever_order(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pricing.selectors.replay._READ_AHEAD", 5)
    pool, start = entries(pool, 40), pool.slot_now() + 1
    replay = Replay(pool)
    for number in (1, 1, 2, 7, 30, 31, 3, 41, 0):
        then = replay.at(number, start, start + 12)
        assert then.number == number
        expected = books.as_of(pool, number, start, start + 12)
        assert then.promised[:12].tolist() == expected.promised.tolist()
        assert then.capacity[:12].tolist() == expected.capacity.tolist()


def test_a_replay_names_the_entry_that_is_missing(pool: Pool) -> None:
    pool, start = entries(pool, 5), pool.slot_now() + 1
    replay = Replay(pool)
    replay.at(2, start, start + 9)
    unguarded("pricing_bookentry", "DELETE FROM pricing_bookentry WHERE number = 4")
    with pytest.raises(ValueError, match="entry 5 does not follow 3"):
        replay.at(6, start, start + 9)
