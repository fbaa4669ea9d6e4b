"""`manage.py prepare`: bring the database up to date and, in embedded mode, make what a first visitor needs."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from era_platform.common import heartbeat
from era_platform.demo import ensure_demo


class Command(BaseCommand):
    help = "Apply migrations; in embedded mode make the demo organization, its users and pool where they are missing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        if settings.ERA_EMBEDDED:
            ensure_demo()
        heartbeat.forget()
