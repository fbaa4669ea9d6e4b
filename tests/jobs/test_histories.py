"""Random histories of a pool through the services, in the database: every job as the slow serial model says,
and every receipt verifies. `tests/pricing/test_histories.py` does the same without a database, many more times.
"""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, given, settings

from era_platform.common import clock
from jobs.engines.base import Phase
from jobs.models import Job
from jobs.services import instances, receipts, transition
from jobs.services.cancel import cancel
from jobs.states import State
from pricing.domain import Configuration
from pricing.models import BookEntry, Pool
from pricing.models.book import OPEN_END
from pricing.selectors import books, tables
from pricing.services import book, forecasts, snapshots
from tests.factories import Tenant, a_pool, a_tenant
from tests.jobs.ways import decided, exited, reloaded, seen
from tests.pricing.histories import (
    FIRST,
    HISTORIES,
    SLOT_SECONDS,
    Capacity,
    Crash,
    Event,
    GivenBack,
    Model,
    NewHorizon,
    Passes,
    Refit,
    Snapshot,
    Wanted,
)

pytestmark = pytest.mark.django_db

ENOUGH = 10**12  # micro-credits: more than any of these costs


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=HISTORIES)
def test_every_job_is_as_the_serial_model_says_and_every_receipt_verifies(history: list[Event]) -> None:
    before = transaction.savepoint()
    with clock.freeze(datetime.fromtimestamp(FIRST * SLOT_SECONDS + 17, UTC)), scopes_disabled():
        world = World()
        for event in history:
            world.happen(event)
        crash()
        verdicts = list(receipts.verify_all())
        assert [(job.pk, verdict) for job, verdict in verdicts if not verdict.equal] == []
        assert len(verdicts) == world.asked
    transaction.savepoint_rollback(before)


def crash() -> None:
    """What a process knows is gone with it."""
    books._books.clear()
    tables._tables.clear()


class World:
    """A pool of 6 units that tenants buy from, and the model of it."""

    def __init__(self) -> None:
        self.tenant: Tenant = a_tenant(f"tenant-{uuid.uuid4().hex[:8]}", credits=10**9)
        self.pool: Pool = a_pool(f"pool-{uuid.uuid4().hex[:8]}", units=6, horizon_slots=16)
        [curve] = self.pool.forecasts.get().curves
        self.model = Model.empty(Refit([[tuple(step) for step in curve]], self.pool.floor_price), 16)
        self.model.supply_more(FIRST, OPEN_END, 6)
        self.sold: list[tuple[Job, int, int]] = []
        self.asked = 0

    @property
    def seconds(self) -> int:
        return round(clock.now().timestamp())

    @property
    def running(self) -> int:
        return self.seconds // SLOT_SECONDS

    def happen(self, event: Event) -> None:
        match event:
            case Wanted():
                self.wanted(event)
            case GivenBack(which):
                if self.sold:
                    self.given_back(*self.sold.pop(which % len(self.sold)))
            case Capacity():
                self.capacity(event)
            case Refit():
                self.refit(event)
            case Passes(seconds):
                clock.advance(seconds)
            case Snapshot():
                snapshots.write(Pool.objects.get(pk=self.pool.pk))
            case Crash():
                crash()
            case NewHorizon():
                pass  # a pool in the database keeps its horizon

    def wanted(self, event: Wanted) -> None:
        ways = list({way[:2]: worth_something(way) for way in event.ways}.values())  # none may stand twice
        begins = self.seconds if event.wait is None else self.seconds + event.wait
        (units, duration, value), *also = ways
        job = decided(
            self.tenant,
            self.pool,
            units=units,
            duration=duration,
            value=value,
            also=tuple(also),
            earliest=None if event.wait is None else moment(begins),
            deadline=moment(begins + event.until),
        )
        self.asked += 1
        start = max(self.running + 1, -(-begins // SLOT_SECONDS))
        place, reason, offer = self.model.best(ways, start, (begins + event.until) // SLOT_SECONDS, self.running)
        assert (job.reason, job.price) == (reason or "", offer.total if offer else None)
        assert (job.units, job.duration, job.value) == tuple(ways[place])
        if job.state == State.RESERVED:
            assert offer is not None
            start, end = offer.start, offer.start - (-job.duration // SLOT_SECONDS)
            assert (job.start_slot, job.end_slot) == (start, end)
            self.model.promise(start, end, job.units)
            self.sold.append((job, start, end))

    def given_back(self, job: Job, start: int, end: int) -> None:
        """Cancelled before its start, ended early after it; what has run its time is left alone."""
        if end <= self.running:
            return
        if start > self.running:
            cancel(actor=self.tenant.member, organization=self.tenant.organization, job_id=job.pk)
        else:
            job = reloaded(job)
            assert transition.move(job, State.STARTING, attempt=1)
            instances.open_attempt(job, 1)
            assert exited(seen(job, Phase.RUNNING, started_at=job.start_at), 0).settled_at
        free_from = max(start, -(-self.seconds // SLOT_SECONDS))
        self.model.promise(free_from, max(free_from, end), -job.units)

    def capacity(self, event: Capacity) -> None:
        if not event.change:
            return
        start = self.running + 1 + event.wait
        end = OPEN_END if event.slots is None else start + event.slots
        with transaction.atomic():
            book.append(
                book.lock_pool(self.pool.pk),
                kind=BookEntry.Kind.CAPACITY,
                start_slot=start,
                end_slot=end,
                capacity=event.change,
                cause=BookEntry.Cause.LOST,
            )
        self.model.supply_more(start, end, event.change)

    def refit(self, event: Refit) -> None:
        with transaction.atomic():
            forecasts.publish(
                book.lock_pool(self.pool.pk),
                method="test",
                curves=[[list(step) for step in curve] for curve in event.curves],
                curve_of=list(range(len(event.curves))),
                curve_slots=1,
            )
        self.model.forecast = event._replace(floor=self.pool.floor_price)


def worth_something(way: Configuration) -> Configuration:
    """A job says what it is worth."""
    return way if way.value is not None else way._replace(value=ENOUGH)


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
