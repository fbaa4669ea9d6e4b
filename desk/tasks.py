"""What the worker does for the desk on beat's word."""

from celery import shared_task

from desk.services import compare, roll_up
from era_platform.common.locks import advisory_lock


@shared_task(name="desk.roll_up")
def roll_up_all() -> None:
    with advisory_lock("desk.roll_up") as mine:
        if mine:
            roll_up.roll_up()


@shared_task(name="desk.compare")
def compare_all() -> None:
    with advisory_lock("desk.compare") as mine:
        if mine:
            compare.compare_all()
