"""Brings jobs to where tests want them, by the services that do it on the platform."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django_scopes import scope, scopes_disabled

from accounts.models import Hold, LedgerAccount, Organization
from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.domain import JobRequest
from jobs.engines.base import EndReason, Instance, Phase
from jobs.models import Attempt, Job, JobEvent
from jobs.services import instances, observe, transition
from jobs.services.submit import submit
from jobs.states import State
from pricing.models import BookEntry, Pool
from tests.factories import Tenant


def asked(pool: Pool, **fields: Any) -> JobRequest:
    """A request for 2 units for 2 slots within the next hour."""
    request = JobRequest(
        pool=pool.slug,
        units=2,
        duration=2 * pool.slot_seconds,
        deadline=clock.now() + timedelta(hours=1),
        value=10 * MICRO,
        name="train",
        image="host",
        command=("true",),
    )
    return replace(request, **fields)


def decided(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    """What came of such a request."""
    with scope(organization=tenant.organization):
        return submit(actor=tenant.member, organization=tenant.organization, request=asked(pool, **fields))


def reserved(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    """A job of 2 units for 2 slots, with a price and a slot ahead."""
    job = decided(tenant, pool, **fields)
    assert job.state == State.RESERVED
    return job


def starting(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    """A job claimed for launching, of which no instance was made yet."""
    job = reserved(tenant, pool, **fields)
    with scopes_disabled():
        assert transition.move(job, State.STARTING, attempt=1)
        instances.open_attempt(job, 1)
    return job


def running(tenant: Tenant, pool: Pool, **fields: Any) -> Job:
    """A job that was seen to run from the start of its slot."""
    job = starting(tenant, pool, **fields)
    seen(job, Phase.RUNNING, started_at=job.start_at)
    return reloaded(job)


def at_start(job: Job, seconds: float = 0) -> None:
    """Set the held clock to so many seconds after the job's slot began."""
    assert job.start_at is not None
    clock.advance((job.start_at - clock.now()).total_seconds() + seconds)


def seen(job: Job, phase: Phase, **facts: Any) -> Job:
    """Let the platform see the job's instance like this; then the job as it is."""
    with scopes_disabled():
        attempt = observe.live_attempts().get(job_id=job.pk)
        observe.apply(attempt, Instance(attempt.instance, phase, **facts))
    return reloaded(job)


def exited(job: Job, code: int, *, at: datetime | None = None, reason: EndReason = EndReason.EXITED) -> Job:
    return seen(job, Phase.EXITED, started_at=job.start_at, ended_at=at or clock.now(), exit_code=code, reason=reason)


def reloaded(job: Job) -> Job:
    with scopes_disabled():
        return Job.objects.select_related("pool", "organization").get(pk=job.pk)


def attempts(job: Job) -> list[Attempt]:
    with scopes_disabled():
        return list(Attempt.objects.filter(job=job).order_by("number"))


def events(job: Job) -> list[JobEvent]:
    with scopes_disabled():
        return list(JobEvent.objects.filter(job=job).order_by("id"))


def states(job: Job) -> list[str]:
    """The states the job has been in."""
    return [event.state for event in events(job) if event.kind == "state"]


def kinds(job: Job) -> list[str]:
    return [event.kind for event in events(job)]


def balance(organization: Organization, kind: str = "wallet") -> int:
    with scopes_disabled():
        return LedgerAccount.objects.get(organization=organization, kind=kind).balance


def hold_of(job: Job) -> Hold:
    with scopes_disabled():
        return Hold.objects.get(reference=job.pk)


def booked(job: Job) -> list[tuple[str, int, int, int]]:
    """The job's entries in the book: kind, slots from the job's first one, units."""
    assert job.start_slot is not None
    return [
        (entry.kind, entry.start_slot - job.start_slot, entry.end_slot - job.start_slot, entry.units)
        for entry in BookEntry.objects.filter(reference=job.pk).order_by("number")
    ]


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment, each in a thread with a database connection of its own; what each gave or raised."""
    gate, results = threading.Barrier(len(actions)), dict.fromkeys(range(len(actions)))

    def act(number: int, action: Callable[[], Any]) -> None:
        try:
            gate.wait(30)
            results[number] = action()
        except Exception as error:  # noqa: BLE001  (the test looks at it)
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(results.values())


def unguarded(table: str, statement: str, *values: Any) -> None:
    """Change what triggers protect, as only a fault of the database itself could."""
    with connection.cursor() as cursor:
        for step in ("DISABLE", "ENABLE"):
            for when in ("IMMEDIATE", "DEFERRED"):  # a table can't be altered while checks of its rows are due
                cursor.execute(f"SET CONSTRAINTS ALL {when}")
            cursor.execute(f"ALTER TABLE {table} {step} TRIGGER USER")
            if step == "DISABLE":
                cursor.execute(statement, values)
