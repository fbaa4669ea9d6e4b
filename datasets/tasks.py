"""What the worker does on beat's word: thin tasks, one of each running at a time (see jobs/schedule.py)."""

from celery import shared_task

from datasets.services import indexing, sweep, uploads
from era_platform.common.locks import advisory_lock


@shared_task(name="datasets.sweep_loosened")
def sweep_loosened() -> None:
    with advisory_lock("datasets.sweep") as mine:
        if mine:
            sweep.sweep_loosened()


@shared_task(name="datasets.sweep_abandoned")
def sweep_abandoned() -> None:
    with advisory_lock("datasets.sweep_abandoned") as mine:
        if mine:
            uploads.sweep_abandoned()


@shared_task(name="datasets.sweep_disk", time_limit=6 * 3600)
def sweep_disk() -> None:
    with advisory_lock("datasets.sweep") as mine:
        if mine:
            sweep.sweep_disk()


@shared_task(name="datasets.index_paths", time_limit=3600)
def index_paths() -> None:
    with advisory_lock("datasets.index_paths") as mine:
        if mine:
            indexing.index_due()
