"""What the worker does for the market on beat's word: thin tasks, one of each running at a time."""

from celery import shared_task

from era_platform.common.locks import advisory_lock
from pricing.services import snapshots


@shared_task(name="pricing.snapshot_books")
def snapshot_books() -> None:
    with advisory_lock("pricing.snapshot_books") as mine:
        if mine:
            snapshots.write_due()
