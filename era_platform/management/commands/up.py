"""`manage.py up`: the whole platform on this machine, under one supervisor. `make run` ends in it."""

import asyncio
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from era_platform.embedded.errors import said_in_one_line
from era_platform.embedded.folder import check_folder, only_user_of
from era_platform.embedded.ports import portal_socket
from era_platform.embedded.supervisor import Supervisor

READY = "ERA Platform is ready at {url}"
DEMO = READY + ": sign in as demo@example.com with password demo (operator@example.com, operator for {url}/admin/)"


class Command(BaseCommand):
    help = "Start servers, portal, worker, beat and collector here; stop them all on Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        with said_in_one_line():
            self._run(settings.ERA_DATA_DIR)

    def _run(self, folder: Path) -> None:
        check_folder(folder)
        with only_user_of(folder), portal_socket() as listener:
            welcome = DEMO if settings.ERA_EMBEDDED else READY
            asyncio.run(Supervisor(folder, listener, welcome).run())
