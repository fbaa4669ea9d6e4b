"""Beat's table: each task exists, none piles up, and of each one runs at a time."""

import pytest
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from era_platform.celery import app
from era_platform.common.locks import advisory_lock
from jobs import schedule, tasks
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import reloaded, reserved, together

app.loader.import_default_modules()  # as the worker does when it starts


def test_every_scheduled_task_exists() -> None:
    assert set(schedule.EVERY) <= set(app.tasks)


@pytest.mark.django_db(transaction=True)
def test_beat_writes_the_table_once_however_often_it_starts() -> None:
    for _ in range(2):
        DatabaseScheduler(app=app)
    ours = PeriodicTask.objects.filter(task__regex=r"^(billing|datasets|desk|jobs|notifications|pricing)\.")
    assert {task.task: (task.interval.every, task.expire_seconds) for task in ours} == {
        name: (seconds, seconds) for name, seconds in schedule.EVERY.items()
    }


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(schedule.EVERY))
def test_every_task_can_be_run(name: str) -> None:
    if not name.startswith("jobs.reconcile"):  # wants a transaction of its own; see test_reconcile
        app.tasks[name]()


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_running_elsewhere_is_left_to_it(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    with advisory_lock("jobs.stage_due"):
        together(tasks.stage_due)
    assert reloaded(job).staged_at is None
    together(tasks.stage_due)
    assert reloaded(job).staged_at is not None
