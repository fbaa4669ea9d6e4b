"""`manage.py create_token --user EMAIL --org SLUG`: prints a new API token and nothing else."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.guards import organization_for
from accounts.models import User
from accounts.services.tokens import create_token
from era_platform.common.errors import Problem


class Command(BaseCommand):
    help = "Print a new API token of a user for an organization, and nothing else."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, metavar="EMAIL")
        parser.add_argument("--org", required=True, metavar="SLUG")
        parser.add_argument("--name", default="command line")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["user"]).first()
        if user is None:
            raise CommandError(_("There is no user {email}.").format(email=options["user"]))
        try:
            organization = organization_for(user, options["org"])
            _token, secret = create_token(actor=user, organization=organization, name=options["name"])
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(secret)
