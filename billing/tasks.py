"""What the worker does for payments on beat's word."""

from celery import shared_task

from billing.services import payments


@shared_task(name="billing.collect_debts")
def collect_debts() -> None:
    payments.collect_all()
