"""What the worker does on beat's word: passes notices on, and sends what is due."""

from celery import shared_task

from era_platform.common.locks import advisory_lock
from notifications.services import fan_out, mails, webhook_calls


@shared_task(name="notifications.fan_out")
def fan_out_all() -> None:
    with advisory_lock("notifications.fan_out") as mine:
        if mine:
            fan_out.fan_out()


@shared_task(name="notifications.send_mails")
def send_mails() -> None:
    with advisory_lock("notifications.send_mails") as mine:
        if mine:
            mails.send_due()


@shared_task(name="notifications.send_webhooks")
def send_webhooks() -> None:
    with advisory_lock("notifications.send_webhooks") as mine:
        if mine:
            webhook_calls.send_due()
