"""Mails people about what the platform had to change of what it had promised them; pages say it too."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from era_platform.common.money import format_credits
from jobs.models import Job

Changed = tuple[list[Job], list[Job]]


def replanned(moved: Iterable[Job], ended: Iterable[Job]) -> None:
    """On commit, tell each person once which of their jobs were moved, and which ended with their money back."""
    of_each: dict[User, Changed] = defaultdict(lambda: ([], []))
    for place, jobs in enumerate((moved, ended)):
        for job in jobs:
            of_each[job.submitted_by][place].append(job)
    for user, changed in of_each.items():
        if user.is_active:
            transaction.on_commit(partial(_send, user, *changed), robust=True)


def _send(user: User, moved: list[Job], ended: list[Job]) -> None:
    of = {
        "moved": [(job, _link(job)) for job in moved],
        "ended": [(job, _link(job), format_credits(job.price or 0), format_credits(job.credit)) for job in ended],
    }
    subject = _("A machine was lost: {moved} of your jobs were moved, {ended} ended with your money back")
    told = subject.format(moved=len(moved), ended=len(ended))
    send_mail(told, render_to_string("jobs/mail/replanned.txt", of), None, [user.email])


def _link(job: Job) -> str:
    return str(settings.ERA_PUBLIC_URL).rstrip("/") + reverse("job", args=[job.organization.slug, job.pk])
