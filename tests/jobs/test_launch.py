"""Launching on the real process engine: what is due starts once, on time, and what was cut off is finished."""

import os
import signal
from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from era_platform.common import clock, storage
from era_platform.common.locks import advisory_lock
from era_platform.common.money import MICRO
from jobs.engines import engine
from jobs.engines.attempt import AttemptFolder
from jobs.models import Job
from jobs.services import instances, launch, observe, stage
from jobs.services.cancel import cancel
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.engine import SLEEP, due, slot_moved, until_running
from tests.jobs.ways import attempts, balance, events, kinds, reloaded, reserved, starting, states, together
from tests.platform import eventually

pytestmark = [
    pytest.mark.engine,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("instances_removed"),
]


@pytest.fixture
def pool(db: None) -> Pool:
    """Slots of one minute; tests move the clock to them rather than wait."""
    return a_pool(units=64)


def test_what_is_due_is_staged_and_started(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    launch.launch_due()
    job = until_running(job)
    assert states(job) == ["reserved", "starting", "running"]
    assert job.staged_at is not None
    assert engine().instances().count(f"era-{job.pk.hex}-1") == 1


def test_what_is_not_due_is_left_alone(ours: Tenant, pool: Pool) -> None:
    job = slot_moved(reserved(ours, pool), clock.now() + timedelta(seconds=30))
    launch.launch_due()
    launch.launch(job.pk)
    assert (reloaded(job).state, attempts(job)) == ("reserved", [])


def test_what_starts_before_beat_comes_round_again_is_waited_for(ours: Tenant, pool: Pool) -> None:
    later = slot_moved(reserved(ours, pool), clock.now() + timedelta(seconds=30))
    soon = slot_moved(reserved(ours, pool), clock.now() + timedelta(seconds=0.9))
    launch.launch_on_time()
    [attempt] = attempts(soon)
    assert soon.start_at is not None
    assert attempt.created_at >= soon.start_at
    assert (reloaded(later).state, attempts(later)) == ("reserved", [])


def test_a_job_whose_whole_slot_passed_fails_and_costs_nothing_and_is_made_good(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    job = slot_moved(job, clock.now() - timedelta(seconds=120))
    launch.launch_due()
    job = reloaded(job)
    assert (job.state, job.reason, job.paid, attempts(job)) == ("failed", "platform", 0, [])
    assert balance(ours.organization) == 100 * MICRO + (job.price or 0) // 10


def test_one_in_the_last_second_of_its_slot_is_still_started(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    job = slot_moved(job, clock.now() - timedelta(seconds=117))
    launch.launch(job.pk)
    assert "starting" in states(job)


def test_many_workers_start_each_job_once(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    jobs = [due(ours, pool), due(theirs, pool), due(ours, pool)]
    together(*[launch.launch_due] * 4)
    for job in jobs:
        assert states(until_running(job)) == ["reserved", "starting", "running"]
        assert len(attempts(job)) == 1
    assert len(engine().instances()) == len(set(engine().instances()))


@pytest.mark.parametrize("done", ["nothing", "created", "started"])
def test_a_launch_that_was_cut_off_is_finished_with_the_same_instance(ours: Tenant, pool: Pool, done: str) -> None:
    job = slot_moved(starting(ours, pool, command=SLEEP), clock.now())
    with scopes_disabled():
        stage.prepare(job)
    spec = instances.spec_of(job, 1)
    if done != "nothing":
        engine().create(spec)
    if done == "started":
        engine().start(spec)
    launch.launch_due()
    assert until_running(job).attempt == 1
    assert [name for name in engine().instances() if job.pk.hex in name] == [spec.name]


def test_one_that_another_worker_is_launching_is_left_to_it(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)

    def launch_elsewhere() -> str:
        launch.launch(job.pk)
        return str(reloaded(job).state)

    with advisory_lock(stage.lock_name(job.pk)):
        assert together(launch_elsewhere) == ["reserved"]


def test_a_lost_attempt_is_followed_by_another_instance(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    launch.launch_due()
    until_running(job)
    runner = AttemptFolder(storage.attempt_folder(job.pk, 1)).runner()
    assert runner
    os.kill(runner, signal.SIGKILL)
    eventually(lambda: observe.observe_all() and reloaded(job).attempt == 2)
    assert f"era-{job.pk.hex}-1" not in engine().instances()
    launch.launch_due()
    assert until_running(job).attempt == 2
    assert attempts(job)[0].deleted_at is not None


def test_what_the_engine_cannot_do_is_written_down_once_and_tried_again(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    blocked = storage.job_folder(job.pk)
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file where the job's folder should be")
    launch.launch_due()
    launch.launch_due()
    assert kinds(job) == ["state", "staging_failed"]
    assert str(blocked) in events(job)[-1].detail["error"]
    blocked.unlink()
    launch.launch_due()
    until_running(job)


def test_an_image_that_can_t_be_had_fails_the_job_at_its_slot_at_no_cost(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(image="gone")
    launch.launch_due()
    job = reloaded(job)
    assert (job.state, job.reason, job.paid) == ("failed", "platform", 0)
    assert "host" in events(job)[-2].detail["cause"]


@pytest.mark.parametrize("_round", range(3))
def test_cancelling_during_a_launch_leaves_no_instance(ours: Tenant, pool: Pool, _round: int) -> None:
    job = due(ours, pool)
    together(
        launch.launch_due,
        lambda: cancel(actor=ours.member, organization=ours.organization, job_id=job.pk),
    )

    def gone() -> bool:
        observe.observe_all()
        return reloaded(job).settled_at is not None

    eventually(gone, what="the cancelled job is settled")
    assert reloaded(job).state == "cancelled"
    alive = engine().inspect(f"era-{job.pk.hex}-1", storage.attempt_folder(job.pk, 1))
    assert alive.phase in ("absent", "exited")
