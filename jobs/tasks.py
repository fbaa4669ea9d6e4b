"""What the worker does on beat's word: thin tasks, one of each running at a time (see jobs/schedule.py)."""

from celery import shared_task

from accounts.services import checkpoints
from era_platform.common.locks import advisory_lock
from jobs.services import budget_notices, launch, nodes, observe, reconcile, refit, settle, stage, tell_events


@shared_task(name="jobs.launch_due")
def launch_due() -> None:
    with advisory_lock("jobs.launch_due") as mine:
        if mine:
            launch.launch_on_time()


@shared_task(name="jobs.observe_all")
def observe_all() -> None:
    with advisory_lock("jobs.observe_all") as mine:
        if mine:
            observe.observe_all()


@shared_task(name="jobs.stage_due")
def stage_due() -> None:
    with advisory_lock("jobs.stage_due") as mine:
        if mine:
            stage.stage_due()


@shared_task(name="jobs.settle_due")
def settle_due() -> None:
    with advisory_lock("jobs.settle_due") as mine:
        if mine:
            settle.settle_due()


@shared_task(name="jobs.watch_capacity")
def watch_capacity() -> None:
    with advisory_lock("jobs.watch_capacity") as mine:
        if mine:
            nodes.watch()


@shared_task(name="jobs.reconcile")
def reconcile_all() -> None:
    with advisory_lock("jobs.reconcile") as mine:
        if mine:
            reconcile.reconcile()
            checkpoints.advance()


@shared_task(name="jobs.reconcile_history")
def reconcile_history() -> None:
    with advisory_lock("jobs.reconcile_history") as mine:
        if mine:
            reconcile.reconcile_history()


@shared_task(name="jobs.refit_forecasts")
def refit_forecasts() -> None:
    with advisory_lock("jobs.refit_forecasts") as mine:
        if mine:
            refit.refit_all()


@shared_task(name="jobs.tell_budgets")
def tell_budgets() -> None:
    with advisory_lock("jobs.tell_budgets") as mine:
        if mine:
            budget_notices.tell_budgets()


@shared_task(name="jobs.tell_events")
def tell_what_happened() -> None:
    with advisory_lock("jobs.tell_events") as mine:
        if mine:
            tell_events.tell_events()
            tell_events.tell_starts_soon()
