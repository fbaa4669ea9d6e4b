"""`manage.py agent`: the agent of the node whose Docker ERA_DOCKER_HOST names, until it is told to stop."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from jobs.agent import NodeAgent
from jobs.engines.node import NodeDocker


class Command(BaseCommand):
    help = "On a node of the cluster: get images ready for jobs that start soon, sample what runs. Runs until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        NodeAgent(stop, NodeDocker()).run()
