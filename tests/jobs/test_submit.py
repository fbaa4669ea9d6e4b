"""Submission: the answer, the promise and the money are one thing, or nothing happened."""

import threading
import uuid
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from accounts.models import Hold, IdempotencyKey, LedgerAccount, Transfer
from era_platform.common import clock
from era_platform.common.errors import Conflict, IdempotencyMismatch, InsufficientFunds, InvalidInput
from era_platform.common.money import MICRO, format_credits, parse_credits
from jobs.domain import JobRequest
from jobs.models import CodeArchive, Job, JobEvent
from jobs.services.cancel import cancel
from jobs.services.submit import submit
from pricing.domain import Configuration
from pricing.models import BookEntry, Pool
from tests.factories import Tenant, a_pool, a_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool() -> Pool:
    return a_pool("local")


@pytest.fixture
def ours() -> Tenant:
    return a_tenant("ours")


@pytest.fixture
def theirs() -> Tenant:
    return a_tenant("theirs")


def a_request(**fields: Any) -> JobRequest:
    request = JobRequest(
        pool="local",
        units=2,
        duration=120,
        deadline=clock.now() + timedelta(hours=1),
        value=MICRO,
        name="train",
        image="host",
        command=("true",),
    )
    return replace(request, **fields)


def submitted(tenant: Tenant, key: str = "", **fields: Any) -> Job:
    with scope(organization=tenant.organization):
        return submit(
            actor=tenant.member,
            organization=tenant.organization,
            request=a_request(**fields),
            idempotency_key=key,
        )


def submitted_and_undone(tenant: Tenant, **fields: Any) -> Job:
    """The job as it was when submitted; it is cancelled, so that the book is as before."""
    job = submitted(tenant, **fields)
    with scope(organization=tenant.organization):
        cancel(actor=tenant.member, organization=tenant.organization, job_id=job.pk)
    return job


def available(tenant: Tenant) -> int:
    with scopes_disabled():
        return LedgerAccount.objects.get(organization=tenant.organization, kind="wallet").balance


def nothing_happened() -> bool:
    with scopes_disabled():
        booked = BookEntry.objects.filter(reference__isnull=False).exists()
        keys = IdempotencyKey.objects.exists()
        return not (booked or keys or Job.objects.exists() or Hold.objects.exists() or JobEvent.objects.exists())


def test_an_accepted_job_has_its_slot_its_hold_and_its_entry_in_the_book(pool: Pool, ours: Tenant) -> None:
    job = submitted(ours)
    assert (job.state, job.price) == ("reserved", 2 * 2 * MICRO // 100 + 2 * (12857 - 10000))
    assert available(ours) == 100 * MICRO - (job.price or 0)
    entry = BookEntry.objects.get(reference=job.pk)
    assert (entry.start_slot, entry.end_slot, entry.units) == (job.start_slot, job.end_slot, 2)
    assert entry.number == job.book_number + 1


def test_it_starts_at_the_next_slot_of_an_empty_pool(pool: Pool, ours: Tenant) -> None:
    job = submitted(ours)
    assert job.start_at is not None
    assert timedelta(0) < job.start_at - clock.now() <= timedelta(seconds=60)


def test_a_refusal_is_kept_with_its_reason_and_costs_nothing(pool: Pool, ours: Tenant) -> None:
    job = submitted(ours, value=1)
    assert (job.state, job.reason) == ("rejected", "price_above_value")
    assert job.alternatives[0]["kind"] == "value"
    assert available(ours) == 100 * MICRO
    assert not BookEntry.objects.filter(reference=job.pk).exists()


def test_every_alternative_of_a_refusal_is_accepted_when_asked_for(pool: Pool, ours: Tenant) -> None:
    submitted(ours, units=4, duration=600, value=50 * MICRO)
    refused = submitted(ours, units=4, duration=600, deadline=clock.now() + timedelta(minutes=12), value=MICRO)
    assert {instead["kind"] for instead in refused.alternatives} == {"value", "deadline", "units", "duration"}
    for instead in refused.alternatives:
        job = submitted_and_undone(
            ours,
            units=instead["units"],
            duration=instead["duration"],
            deadline=datetime.fromisoformat(instead["deadline"]),
            value=parse_credits(instead["value"]),
        )
        assert (job.state, format_credits(job.price or 0)) == ("reserved", instead["price"]), instead


def test_a_flexible_job_runs_as_the_configuration_that_costs_least(pool: Pool, ours: Tenant) -> None:
    also = (Configuration(4, 240, MICRO), Configuration(1, 480, MICRO))
    job = submitted(ours, units=8, duration=120, value=MICRO, also=also)
    assert (job.state, job.units, job.duration) == ("reserved", 1, 480)
    assert (job.end_slot or 0) - (job.start_slot or 0) == 8
    assert job.configurations == [
        {"units": 8, "duration": 120, "value": MICRO},
        {"units": 4, "duration": 240, "value": MICRO},
        {"units": 1, "duration": 480, "value": MICRO},
    ]
    assert BookEntry.objects.get(reference=job.pk).units == 1


def test_a_refused_flexible_job_is_kept_whole_and_says_what_would_do(pool: Pool, ours: Tenant) -> None:
    job = submitted(ours, units=8, duration=120, value=1, also=(Configuration(1, 480, 2),))
    assert (job.state, job.units, job.value, len(job.configurations)) == ("rejected", 1, 2, 2)
    assert (job.alternatives[0]["kind"], job.alternatives[0]["duration"]) == ("value", 480)


def test_a_key_from_before_flexible_requests_still_names_its_job(pool: Pool, ours: Tenant) -> None:
    request = a_request()
    assert "also" not in request.content
    assert asdict(request) == request.content | {"also": (), "nodes": 1, "network": False, "project": ""}


def test_too_small_a_wallet_is_told_with_both_amounts_and_nothing_is_kept(pool: Pool) -> None:
    poor = a_tenant("poor", credits=0)
    with pytest.raises(InsufficientFunds, match=r"0\.045714 credits; the wallet has 0\.00"):
        submitted(poor)
    assert nothing_happened()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pool", "nowhere"),
        ("pool", "zero\0byte"),
        ("units", 0),
        ("units", 10**9),
        ("duration", 0),
        ("duration", 10**12),
        ("value", -1),
        ("value", 2**63),
        ("deadline", clock.EPOCH.replace(tzinfo=None)),
        ("earliest", clock.EPOCH.replace(tzinfo=None)),
        ("name", " "),
        ("name", "x" * 121),
        ("name", "bell\a"),
        ("image", "somebody/else:latest"),
        ("command", ()),
        ("command", ("",)),
        ("command", ("a\0b",)),
        ("command", ("x" * 70_000,)),
        ("env", {"1ST": "x"}),
        ("env", {"ERA_JOB_ID": "x"}),
        ("env", {"A": "\0"}),
        ("env", {"A": "x" * 70_000}),
        ("datasets", ("mnist",)),
        ("code", uuid.uuid4()),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_kept(pool: Pool, ours: Tenant, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        submitted(ours, **{field: value})
    assert refused.value.field == field
    assert nothing_happened()


@pytest.mark.parametrize(
    ("field", "also"),
    [
        ("units", [Configuration(0, 60, 1)]),
        ("duration", [Configuration(1, 0, 1)]),
        ("value", [Configuration(1, 60, -1)]),
        ("value", [Configuration(1, 60, None)]),
        ("units", [Configuration(2, 120, 1)]),
        ("units", [Configuration(units, 60, 1) for units in range(1, 17)]),
    ],
)
def test_a_bad_configuration_is_named_by_its_field(
    pool: Pool, ours: Tenant, field: str, also: list[Configuration]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        submitted(ours, also=tuple(also))
    assert refused.value.field == field
    assert nothing_happened()


def test_every_bad_field_is_named_at_once(pool: Pool, ours: Tenant) -> None:
    with pytest.raises(InvalidInput) as refused:
        submitted(ours, units=0, name="", pool="nowhere")
    assert {error["field"] for error in refused.value.extra["errors"]} == {"units", "name", "pool"}


def test_the_code_of_another_organization_is_not_there(pool: Pool, ours: Tenant, theirs: Tenant) -> None:
    with scopes_disabled():
        code = CodeArchive.objects.create(
            organization=theirs.organization, digest="0" * 64, format="zip", name="a.zip", size=1
        )
    with pytest.raises(InvalidInput, match="There is no code archive"):
        submitted(ours, code=code.pk)
    assert submitted(theirs, code=code.pk).code == code


def test_a_closed_pool_takes_nothing(pool: Pool, ours: Tenant) -> None:
    Pool.objects.update(is_open=False)
    with pytest.raises(Conflict, match="local is closed"):
        submitted(ours)
    assert nothing_happened()


def test_the_same_key_gives_the_same_job(pool: Pool, ours: Tenant) -> None:
    deadline = clock.now() + timedelta(hours=1)
    first, second = (submitted(ours, "once", deadline=deadline) for _ in range(2))
    assert first.pk == second.pk
    with scopes_disabled():
        assert Transfer.objects.filter(kind="hold").count() == 1


def test_the_same_key_for_something_else_is_refused(pool: Pool, ours: Tenant) -> None:
    submitted(ours, "once")
    with pytest.raises(IdempotencyMismatch, match="'once'"):
        submitted(ours, "once", units=3)


def test_keys_of_two_organizations_are_two_keys(pool: Pool, ours: Tenant, theirs: Tenant) -> None:
    deadline = clock.now() + timedelta(hours=1)
    assert submitted(ours, "once", deadline=deadline).pk != submitted(theirs, "once", deadline=deadline).pk


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_is_one_job(pool: Pool, ours: Tenant) -> None:
    deadline, seen = clock.now() + timedelta(hours=1), []

    def send() -> None:
        seen.append(submitted(ours, "once", deadline=deadline).pk)
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(seen) == 6
    assert len(set(seen)) == 1


@pytest.mark.django_db(transaction=True)
def test_one_wallet_is_never_spent_twice(pool: Pool) -> None:
    """Eight submissions at once, 0.32 credits each, from a wallet that can pay for three."""
    tight = a_tenant("tight", credits=1)
    outcomes: list[str] = []

    def send() -> None:
        try:
            outcomes.append(submitted(tight, units=8, duration=60, value=MICRO).state)
        except InsufficientFunds:
            outcomes.append("too poor")
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert outcomes.count("reserved") == 3
    assert available(tight) >= 0


def test_a_sale_in_one_pool_leaves_the_other_as_it_was(pool: Pool, ours: Tenant) -> None:
    a_pool("other")
    submitted(ours)
    assert Pool.objects.get(slug="other").book_number == 1


def test_the_price_rises_with_what_is_promised(pool: Pool, ours: Tenant) -> None:
    window: dict[str, Any] = {"duration": 60, "deadline": clock.now() + timedelta(seconds=130)}
    prices = [submitted(ours, units=1, **window).price or 0 for _ in range(4)]
    assert prices == sorted(prices)
    assert prices[0] < prices[-1]
