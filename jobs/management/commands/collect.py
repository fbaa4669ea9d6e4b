"""`manage.py collect`: the collector, until it is told to stop by TERM or INT."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from jobs.collector import Collector


class Command(BaseCommand):
    help = "Follow running jobs: announce their logs, notice their ends, take samples. Runs until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Collector(stop).run()
