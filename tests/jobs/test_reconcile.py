"""The reconciler: silent while all agrees, at every step of a job's way, and naming each thing that doesn't."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django_scopes import scopes_disabled

from accounts.models import Hold
from era_platform.common import clock
from era_platform.common.metrics import DIFFERENCES
from era_platform.common.money import MICRO
from jobs.engines import engine
from jobs.models import Attempt, Job
from jobs.selectors.consistency import steps
from jobs.services import instances, reconcile, stage
from jobs.services.cancel import cancel
from pricing.book import Steps
from pricing.models import BookEntry, Outage, Pool
from pricing.services import book, outages, pools, snapshots
from tests.factories import Tenant
from tests.jobs.engine import SLEEP
from tests.jobs.ways import exited, reserved, running, starting, unguarded

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(minutes=2)


def differences() -> dict[str, str]:
    """Kind → subject."""
    return {found.kind: found.subject for found in reconcile.reconcile()}


def test_nothing_differs_wherever_jobs_are_on_their_way(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    for tenant in (ours, theirs):
        reserved(tenant, pool, units=1)
        starting(tenant, pool, units=1)
        running(tenant, pool, units=1)
        exited(running(tenant, pool, units=1), 0)
        for job in (reserved(tenant, pool, units=1), running(tenant, pool, units=1)):
            cancel(actor=tenant.member, organization=tenant.organization, job_id=job.pk)
    assert differences() == {}


def test_a_balance_that_no_transfer_explains(ours: Tenant) -> None:
    unguarded(
        "accounts_ledgeraccount",
        "UPDATE accounts_ledgeraccount SET balance = balance + 1 WHERE kind = 'held' AND organization_id = %s",
        ours.organization.pk,
    )
    assert set(differences()) == {"ledger_sum", "balance", "held"}
    assert DIFFERENCES.labels("balance")._value.get() == 1


def test_a_hold_that_is_not_its_reservation_s_price(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    unguarded("jobs_job", "UPDATE jobs_job SET price = price + 1 WHERE id = %s", job.pk)
    assert differences() == {"hold": str(job.pk)}


def test_money_held_for_no_reservation(ours: Tenant, pool: Pool) -> None:
    with scopes_disabled():
        lost = Hold.objects.create(organization=ours.organization, amount=MICRO, reference=uuid.uuid4())
    assert differences()["hold"] == str(lost.reference)


def test_a_settled_job_that_says_it_paid_something_else(ours: Tenant, pool: Pool) -> None:
    job = exited(running(ours, pool), 0)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(paid=1)
    assert differences() == {"paid": str(job.pk)}


def test_a_reservation_that_is_not_in_the_book(ours: Tenant, pool: Pool) -> None:
    job, other = reserved(ours, pool), reserved(ours, pool)
    unguarded("pricing_bookentry", "DELETE FROM pricing_bookentry WHERE reference = %s", job.pk)
    assert differences() == {"book": str(job.pk)}
    unguarded(
        "pricing_bookentry", "UPDATE pricing_bookentry SET end_slot = end_slot - 1 WHERE reference = %s", other.pk
    )
    assert len(reconcile.reconcile()) == 2


def test_more_promised_than_there_is(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool, units=8)
    with transaction.atomic():
        book.append(
            book.lock_pool(pool.pk),
            kind=BookEntry.Kind.CAPACITY,
            start_slot=job.start_slot or 0,
            end_slot=job.end_slot or 0,
            capacity=-1,
            cause=BookEntry.Cause.MAINTENANCE,
        )
    assert differences() == {"promises": f"{pool.slug} slot {job.start_slot}"}


def test_lost_units_and_head_room_differ_from_nothing(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool, units=8)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=8, headroom_units=2)
    outages.begin(actor=None, pool_id=pool.pk, cause=Outage.Cause.LOST, units=5, reason="node 3")
    assert differences() == {}


def test_a_snapshot_that_is_not_the_sum_of_the_book(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    snapshots.write(Pool.objects.get(pk=pool.pk))
    reserved(ours, pool)
    assert differences() == {}
    wrong = Steps.of([(0, 1, 2)]).to_bytes()
    unguarded("pricing_booksnapshot", "UPDATE pricing_booksnapshot SET steps = %s", wrong)
    assert differences() == {"snapshot": f"{pool.slug} entry 2"}


@pytest.mark.parametrize("state", ["reserved", "running", "failed"])
def test_a_job_that_should_have_moved_on(ours: Tenant, pool: Pool, state: str) -> None:
    job = reserved(ours, pool)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(
            state=state, end_at=clock.now() - LONG_AGO, finished_at=clock.now() - LONG_AGO
        )
    assert differences() == {"overdue": str(job.pk)}


def test_an_attempt_whose_instance_is_missing(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    assert differences() == {}, "it may be on its way"
    with scopes_disabled():
        Attempt.objects.filter(job=job).update(created_at=clock.now() - LONG_AGO)
    assert differences() == {"attempt_without_instance": f"era-{job.pk.hex}-1"}


@pytest.mark.engine
@pytest.mark.usefixtures("instances_removed")
def test_an_instance_whose_attempt_has_ended_is_removed(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool, command=SLEEP)
    with scopes_disabled():
        stage.prepare(job)
    spec = instances.spec_of(job, 1)
    engine().start(spec)
    assert differences() == {}
    with scopes_disabled():
        Attempt.objects.filter(job=job).update(ended_at=clock.now() - LONG_AGO)
    assert differences() == {"instance_without_attempt": spec.name}
    assert spec.name not in engine().instances()
    assert differences() == {}


def test_spans_add_up_to_steps() -> None:
    assert steps([(0, 4, 2), (2, 6, 3)]) == [(0, 2), (2, 5), (4, 3), (6, 0)]
    assert steps([(0, 4, 2), (0, 4, -2)]) == []
    assert steps([(0, 4, 2), (2, 4, -2)]) == steps([(0, 2, 2)])
