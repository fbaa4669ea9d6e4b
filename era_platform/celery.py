"""The Celery application: worker and beat start from here."""

import os

from celery import Celery
from celery.signals import beat_init, before_task_publish, heartbeat_sent, setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from era_platform.common import heartbeat
from jobs import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.embedded")

app = Celery("era_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = schedule.BEAT
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Celery sets up logging of its own only where nobody answers this."""


@heartbeat_sent.connect
def worker_is_alive(**_: object) -> None:
    heartbeat.alive("worker")


@beat_init.connect
def follow_beat(**_: object) -> None:
    before_task_publish.connect(beat_is_alive)


def beat_is_alive(**_: object) -> None:
    """Beat hands out a task every second; each one is its sign of life."""
    heartbeat.alive("beat")
