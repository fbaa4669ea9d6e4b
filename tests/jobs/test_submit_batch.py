"""Submission of many: priced in order as if one by one, all in one transaction, or nothing happened."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django_scopes import scope, scopes_disabled

from accounts.models import Hold, LedgerAccount, Transfer
from era_platform.common import clock
from era_platform.common.errors import Conflict, IdempotencyMismatch, InsufficientFunds, InvalidInput
from era_platform.common.money import MICRO
from jobs.domain import JobRequest
from jobs.models import Batch, Job, JobEvent
from jobs.selectors import consistency
from jobs.services import instances, submit_batch, transition
from jobs.services.submit import submit
from pricing.domain import Configuration
from pricing.models import BookEntry, Pool
from pricing.services import quotes
from tests.factories import Tenant, a_pool, a_tenant
from tests.jobs.test_submit import a_request, available, nothing_happened
from tests.jobs.ways import together

pytestmark = pytest.mark.django_db
ALL, BEST = Batch.Mode.ALL_OR_NOTHING, Batch.Mode.BEST_EFFORT


@pytest.fixture
def pool() -> Pool:
    return a_pool("local", units=4)


@pytest.fixture
def ours() -> Tenant:
    return a_tenant("ours")


def batch(tenant: Tenant, requests: list[JobRequest], mode: Batch.Mode = BEST, **options: Any) -> Batch:
    with scope(organization=tenant.organization):
        return submit_batch.submit_batch(
            actor=tenant.member, organization=tenant.organization, requests=requests, mode=mode, **options
        )


def jobs_of(found: Batch) -> list[Job]:
    with scopes_disabled():
        return list(Job.objects.filter(batch=found).select_related("pool").order_by("batch_index"))


def some(count: int, **fields: Any) -> list[JobRequest]:
    return [a_request(name=f"job {number}", **fields) for number in range(count)]


def consistent() -> bool:
    with scopes_disabled():
        checks = ("ledger_sum", "balance", "held", "hold", "book", "promises")
        return not [difference for check in checks for difference in consistency.CHECKS[check]()]


def nothing_is_kept() -> bool:
    with scopes_disabled():
        held = Transfer.objects.filter(kind="hold").exists()
        return nothing_happened() and not held and not Batch.objects.exists() and consistent()


def test_each_is_answered_as_if_it_came_alone(ours: Tenant, pool: Pool) -> None:
    """The same requests one by one, in another pool that is alike: the same prices, starts and refusals."""
    a_pool("alike", units=4)
    requests = [
        replace(one, units=1 + number % 4, value=MICRO // (1 + number % 7), duration=60 * (1 + number % 3))
        for number, one in enumerate(some(40, deadline=clock.now() + timedelta(minutes=20)))
    ]
    with clock.freeze(clock.now()):
        many = jobs_of(batch(ours, requests))
        with scope(organization=ours.organization):
            alone = [
                submit(actor=ours.member, organization=ours.organization, request=replace(one, pool="alike"))
                for one in requests
            ]
    compared = ("state", "reason", "price", "start_slot", "end_slot", "start_at", "end_at", "book_number", "name")
    assert [[getattr(job, name) for name in compared] for job in many] == [
        [getattr(job, name) for name in compared] for job in alone
    ]
    assert {job.state for job in many} == {"reserved", "rejected"}
    assert consistent()


def test_flexible_requests_of_a_batch_are_decided_as_alone(ours: Tenant, pool: Pool) -> None:
    a_pool("alike", units=4)
    also = (Configuration(1, 480, MICRO), Configuration(2, 240, MICRO))
    requests = some(6, units=4, deadline=clock.now() + timedelta(minutes=20), also=also)
    with clock.freeze(clock.now()):
        many = jobs_of(batch(ours, requests))
        with scope(organization=ours.organization):
            alone = [
                submit(actor=ours.member, organization=ours.organization, request=replace(one, pool="alike"))
                for one in requests
            ]
    compared = ("state", "units", "duration", "value", "price", "end_slot", "configurations", "book_number")
    assert [[getattr(job, name) for name in compared] for job in many] == [
        [getattr(job, name) for name in compared] for job in alone
    ]
    assert many[0].units != 4
    assert consistent()


def test_what_was_asked_is_kept_with_each_job(ours: Tenant, pool: Pool) -> None:
    request = a_request(env={"A": "é\n\\"}, command=("sh", "-c", 'echo "$A"\t\\N'), earliest=clock.now())
    [job] = jobs_of(batch(ours, [request]))
    assert (job.env, tuple(job.command), job.earliest) == (request.env, request.command, request.earliest)
    assert (job.datasets, job.attempt, job.staged_at, job.alternatives) == ([], 0, None, [])
    assert job.forecast.version == pool.forecast_version


def test_each_job_has_its_event_its_hold_and_its_entry(ours: Tenant, pool: Pool) -> None:
    found = batch(ours, some(5))
    with scopes_disabled():
        for job in jobs_of(found):
            assert Hold.objects.get(reference=job.pk).amount == job.price
            assert JobEvent.objects.get(job=job).state == "reserved"
            assert BookEntry.objects.get(reference=job.pk).number == job.book_number + 1
    assert (found.size, found.accepted, found.price) == (5, 5, 100 * MICRO - available(ours))
    assert consistent()


def test_a_job_knows_its_place_in_the_batch(ours: Tenant, pool: Pool) -> None:
    job = jobs_of(batch(ours, some(3)))[2]
    env = instances.spec_of(job, 1).env
    assert (env["ERA_BATCH_INDEX"], env["ERA_BATCH_ID"]) == ("2", str(job.batch_id))


def test_jobs_of_a_batch_are_listed_in_its_order(ours: Tenant, pool: Pool) -> None:
    found = batch(ours, some(20))
    with scopes_disabled():
        assert list(Job.objects.all()) == jobs_of(found)


def test_all_or_nothing_keeps_nothing_where_one_is_refused(ours: Tenant, pool: Pool) -> None:
    with pytest.raises(Conflict) as refused:
        batch(ours, [*some(3), a_request(value=1), a_request(units=9)], ALL)
    problem = refused.value
    assert (problem.code, problem.field, problem.extra["count"]) == ("batch_refused", "requests[3]", 2)
    assert [(one["field"], one["reason"]) for one in problem.extra["refused"]] == [
        ("requests[3]", "price_above_value"),
        ("requests[4]", "too_many_units"),
    ]
    assert nothing_is_kept()
    assert len(jobs_of(batch(ours, some(3), ALL))) == 3


def test_all_or_nothing_tells_the_price_of_all_where_the_wallet_is_too_small(pool: Pool) -> None:
    poor = a_tenant("poor", credits=1)
    with pytest.raises(InsufficientFunds) as refused:
        batch(poor, some(50), ALL)
    assert refused.value.extra["available"] == "1.00"
    assert float(refused.value.extra["price"]) > 2
    assert nothing_is_kept()


def test_best_effort_refuses_what_cannot_be_paid_and_goes_on_with_what_can(pool: Pool) -> None:
    poor = a_tenant("poor", credits=0)
    with scopes_disabled():
        LedgerAccount.objects.filter(organization=poor.organization, kind="wallet").update(credit_limit=100_000)
    jobs = jobs_of(batch(poor, [a_request(units=1), a_request(units=4), a_request(units=1)]))
    assert [(job.state, job.reason) for job in jobs] == [
        ("reserved", ""),
        ("rejected", "insufficient_funds"),
        ("reserved", ""),
    ]
    assert (jobs[1].price or 0) > 100_000 - (jobs[0].price or 0)
    assert consistent()


def test_a_batch_buys_in_several_pools(ours: Tenant, pool: Pool) -> None:
    a_pool("second", units=2)
    requests = [replace(one, pool=("local", "second")[number % 2]) for number, one in enumerate(some(6))]
    jobs = jobs_of(batch(ours, requests))
    assert [job.pool.slug for job in jobs] == ["local", "second"] * 3
    assert [job.book_number for job in jobs] == [1, 1, 2, 2, 3, 3]
    assert consistent()


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        (list, "requests"),
        (lambda: some(1) * 10_001, "requests"),
        (lambda: [*some(17), a_request(units=0)], "requests[17].units"),
        (lambda: [*some(2), a_request(pool="nowhere")], "requests[2].pool"),
        (lambda: [*some(2), a_request(image="nothing")], "requests[2].image"),
    ],
)
def test_a_bad_request_is_named_by_its_place(
    ours: Tenant, pool: Pool, requests: Callable[[], list[JobRequest]], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        batch(ours, requests())
    assert refused.value.field == field
    assert nothing_is_kept()


def test_one_closed_pool_refuses_the_whole_batch(ours: Tenant, pool: Pool) -> None:
    a_pool("closed", is_open=False)
    with pytest.raises(Conflict) as refused:
        batch(ours, [*some(2), a_request(pool="closed")])
    assert refused.value.code == "pool_closed"
    assert nothing_is_kept()


def test_the_same_key_gives_the_same_batch(ours: Tenant, pool: Pool) -> None:
    requests = some(3)
    assert batch(ours, requests, idempotency_key="one") == batch(ours, requests, idempotency_key="one")
    with scopes_disabled():
        assert Job.objects.count() == 3
    with pytest.raises(IdempotencyMismatch):
        batch(ours, requests[:2], idempotency_key="one")
    with pytest.raises(IdempotencyMismatch):
        batch(ours, requests, ALL, idempotency_key="one")


def test_a_batch_that_was_refused_has_not_used_up_its_key(ours: Tenant, pool: Pool) -> None:
    with pytest.raises(Conflict):
        batch(ours, some(1, value=0), ALL, idempotency_key="one")
    assert batch(ours, some(1), ALL, idempotency_key="one").accepted == 1


def test_a_batch_that_fails_at_its_end_leaves_nothing_also_in_memory(
    ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any, **_options: Any) -> None:
        raise IntegrityError

    untouched = quotes.quote(pool, a_request().ask).answer
    assert untouched.offer
    with monkeypatch.context() as broken:
        broken.setattr(transition, "begin_many", fail)
        with pytest.raises(IntegrityError):
            batch(ours, some(30))
    assert nothing_is_kept()
    [job] = jobs_of(batch(ours, some(1)))
    assert (job.book_number, job.price) == (1, untouched.offer.total)


def test_progress_ends_with_the_number_of_requests(ours: Tenant, pool: Pool) -> None:
    told: list[int] = []
    batch(ours, some(7), progress=told.append)
    assert told[-1] == 7


@pytest.mark.django_db(transaction=True)
def test_batches_and_single_jobs_at_once_never_promise_more_than_there_is(ours: Tenant, pool: Pool) -> None:
    other = a_tenant("other")
    soon = {"deadline": clock.now() + timedelta(minutes=12), "units": 1}

    def alone() -> None:
        with scope(organization=other.organization):
            for _ in range(10):
                submit(actor=other.member, organization=other.organization, request=a_request(**soon))

    results = together(lambda: batch(ours, some(30, **soon)), lambda: batch(other, some(30, **soon)), alone, alone)
    assert not [result for result in results if isinstance(result, Exception)]
    assert consistent()
    with scopes_disabled():
        assert Job.objects.count() == 80
        assert Job.objects.filter(state="rejected").exists()
    numbers = list(BookEntry.objects.filter(pool=pool).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
