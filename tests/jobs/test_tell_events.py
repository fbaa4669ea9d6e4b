"""People are told what happens to jobs, from their events: none is skipped, and a batch is told of once."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from era_platform.common import clock
from jobs.models import Batch, EventMark, Job
from jobs.selectors import happened
from jobs.services import events, tell_events
from jobs.services.cancel import cancel
from jobs.services.submit_batch import submit_batch
from jobs.states import State
from notifications.models import Notice
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import asked, at_start, decided, exited, reserved, running, together


def kinds() -> list[str]:
    tell_events.tell_events()
    with scopes_disabled():
        return list(Notice.objects.order_by("id").values_list("kind", flat=True))


@pytest.mark.django_db
@pytest.mark.usefixtures("held_clock", "told_from_here")
class TestTelling:
    def test_each_step_of_a_job_is_told_once_to_whoever_submitted_it(self, ours: Tenant, pool: Pool) -> None:
        job = running(ours, pool)
        at_start(job, 70)
        assert kinds() == kinds() == ["reserved", "started"]
        exited(job, 0)
        assert kinds() == ["reserved", "started", "finished"]
        with scopes_disabled():
            assert set(Notice.objects.values_list("person", flat=True)) == {ours.member.pk}

    def test_a_job_that_fails_is_told_as_failed_with_its_exit_code(self, ours: Tenant, pool: Pool) -> None:
        job = running(ours, pool)
        at_start(job, 70)
        exited(job, 3)
        assert "failed" in kinds()
        with scopes_disabled():
            assert Notice.objects.get(kind="failed").detail["exit_code"] == 3

    def test_a_refusal_is_no_news(self, ours: Tenant, pool: Pool) -> None:
        decided(ours, pool, value=1)
        assert kinds() == []

    def test_what_is_a_day_old_is_no_news(self, ours: Tenant, pool: Pool) -> None:
        reserved(ours, pool)
        clock.advance(25 * 3600)
        assert kinds() == []

    def test_submission_writes_nothing_for_it(self, ours: Tenant, pool: Pool) -> None:
        with CaptureQueriesContext(connection) as queries:
            reserved(ours, pool)
        assert not [query for query in queries if "notifications_" in query["sql"] or "eventmark" in query["sql"]]

    def test_of_a_batch_is_told_once_and_at_its_end_how_many(self, ours: Tenant, pool: Pool) -> None:
        with scope(organization=ours.organization):
            batch = submit_batch(
                actor=ours.member,
                organization=ours.organization,
                requests=[asked(pool, name=f"n{n}") for n in range(5)],
                mode=Batch.Mode.BEST_EFFORT,
            )
            jobs = list(Job.objects.filter(batch=batch, state="reserved"))
            assert kinds() == ["reserved"]
            for job in jobs:
                assert "finished" not in kinds()
                cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
        assert kinds().count("finished") == 1
        with scopes_disabled():
            assert Notice.objects.get(kind="finished").detail["cancelled"] == len(jobs)

    def test_ten_minutes_before_its_start_is_told_once(self, ours: Tenant, pool: Pool) -> None:
        job = reserved(ours, pool, earliest=clock.now() + timedelta(minutes=30))
        assert tell_events.tell_starts_soon() == 0
        at_start(job, -599)
        assert (tell_events.tell_starts_soon(), tell_events.tell_starts_soon()) == (1, 0)

    def test_what_was_bought_within_its_last_ten_minutes_is_not_told_again(self, ours: Tenant, pool: Pool) -> None:
        reserved(ours, pool)
        assert tell_events.tell_starts_soon() == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_transaction_ends_late_is_not_skipped(
    ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = reserved(ours, pool), reserved(ours, pool)
    EventMark.objects.update_or_create(id=1, defaults={"event": happened.settled_until() or 0, "soon": clock.now()})
    monkeypatch.setattr(happened, "PATIENCE", 0.1)

    def meanwhile() -> int:
        with scopes_disabled():
            events.record(quick, events.STATE, state=State.RUNNING)
        return tell_events.tell_events()

    with scopes_disabled(), transaction.atomic():
        events.record(slow, events.STATE, state=State.RUNNING)  # the lower number, and the later end
        assert together(meanwhile) == [0]
    assert kinds() == ["started", "started"]
