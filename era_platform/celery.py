"""The Celery application: worker and beat start from here."""

import os
import signal
from typing import NoReturn

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


@beat_init.connect
def let_beat_leave(**_: object) -> None:
    """Beat's own handler writes to the database from within the signal. Where the signal came while the database
    was being asked, it waits for a lock that its own thread holds, for ever. What it would write is written
    on the way out as well."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


def leave(*_: object) -> NoReturn:
    raise SystemExit


def beat_is_alive(**_: object) -> None:
    """Beat hands out a task every second; each one is its sign of life."""
    heartbeat.alive("beat")
