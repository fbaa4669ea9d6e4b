"""`manage.py verify_receipt ID | --all`: recomputes decisions and says whether they come out as recorded."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from jobs.models import Job
from jobs.services import receipts
from pricing.services.receipts import Verdict

_TELL_EVERY = 1.0  # seconds

Verified = Iterable[tuple[Job, Verdict]]


class Command(BaseCommand):
    help = (
        "Recompute the decision about a job, or about all, from the book and the forecast as they stood, and say "
        "whether it comes out as recorded. Ends with 1 where one doesn't, and names each difference in a line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", nargs="?", help="of a job")
        parser.add_argument("--all", action="store_true", help="all jobs, in the order of each pool's book")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["id"]) == options["all"]:
            raise CommandError(_("Say either the id of a job, or --all."))
        began = time.monotonic()
        with scopes_disabled():
            verified = self._told(receipts.verify_all(), Job.objects.count()) if options["all"] else _one(options["id"])
            count = wrong = 0
            for job, verdict in verified:
                count += 1
                if not verdict.equal:
                    wrong += 1
                    self._tell(job, verdict)
        rate = count / max(time.monotonic() - began, 1e-9)
        self.stdout.write(
            _("{count:,} recomputed, {equal:,} equal, {wrong:,} not ({rate:,.0f} a second)").format(
                count=count, equal=count - wrong, wrong=wrong, rate=rate
            )
        )
        if wrong:
            raise CommandError(_("{wrong:,} of {count:,} receipts do not verify.").format(wrong=wrong, count=count))

    def _tell(self, job: Job, verdict: Verdict) -> None:
        if verdict.fault:
            self.stdout.write(_("{id}: can't be recomputed: {fault}").format(id=job.pk, fault=verdict.fault))
        for each in verdict.differences:
            self.stdout.write(
                _("{id}: {field}: recorded {recorded}, recomputed {recomputed}").format(id=job.pk, **each._asdict())
            )

    def _told(self, verified: Verified, total: int) -> Iterator[tuple[Job, Verdict]]:
        """The same, while the progress is told on standard error."""
        told_at = time.monotonic()
        for number, each in enumerate(verified, 1):
            yield each
            if time.monotonic() - told_at >= _TELL_EVERY:
                told_at = time.monotonic()
                self.stderr.write(_("{number:,} of {total:,}").format(number=number, total=total), ending="\n")


def _one(text: str) -> list[tuple[Job, Verdict]]:
    try:
        wanted = UUID(text)
    except ValueError as error:
        raise CommandError(_("{text} is not the id of a job.").format(text=repr(text[:60]))) from error
    job = Job.objects.select_related("pool").filter(pk=wanted).first()
    if job is None:
        raise CommandError(_("There is no job {id}.").format(id=wanted))
    return [(job, receipts.verify(job))]
