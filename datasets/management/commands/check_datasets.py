"""`manage.py check_datasets [--bytes]`: is what the database says of datasets what lies on the disk?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from datasets.services.check import differences


class Command(BaseCommand):
    help = "Compares datasets' rows with the files on the disk; fails, naming each difference, where they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bytes", action="store_true", help="read every stored file and compare its SHA-256")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for difference in differences(with_bytes=options["bytes"]):
            found += 1
            self.stdout.write(f"{difference.kind}: {difference.subject}: {difference.found}")
        if found:
            raise CommandError(f"{found} differences")
        self.stdout.write("All is as it should be.")
