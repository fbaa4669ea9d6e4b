"""`manage.py demo_data`: fills a database with made-up organizations and a year of their jobs and money."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from desk.demo_data import making
from era_platform.common.errors import Problem


class Command(BaseCommand):
    help = (
        "Fill the database with 50 made-up organizations, 5 pools and 12 months of jobs and transfers, and check that "
        "all adds up. Refuses a database that has real organizations."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("size", help="small (1,000 jobs), medium (50,000), large (1,000,000), or a number of jobs")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same jobs")
        parser.add_argument("--beside-real", action="store_true", help="also where there are real organizations")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            jobs = making.jobs_of(options["size"])
            made = making.make(
                jobs=jobs,
                seed=options["seed"],
                beside_real=options["beside_real"],
                tell=lambda done: self.stderr.write(f"{done:,} of {jobs:,} jobs"),
            )
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"{jobs:,} jobs and {made:,} transfers in {time.monotonic() - began:.0f} s")
        if found := making.differences():
            raise CommandError("\n".join(f"{one.kind} {one.subject}: {one.found}" for one in found[:20]))
        self.stdout.write("Everything adds up.")
