"""Tells people what the platform had to change of what it had promised them; pages say it too."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from era_platform.common.money import format_credits
from jobs.models import Job
from notifications.models import Kind
from notifications.services import outbox
from pricing.models import Outage

Changed = tuple[list[Job], list[Job]]


def replanned(moved: Iterable[Job], ended: Iterable[Job]) -> None:
    """Tell each person once of their jobs of an organization that were moved, and that ended with their money back."""
    text = _("A machine was lost: {moved} of your jobs were moved, {ended} ended with your money back")
    for user, mine in _of_each(moved, ended):
        first = [*mine[0], *mine[1]][0]
        _tell(user, mine, key=f"replanned/{first.pk}/{first.moved_to or 'ended'}", text=text)


def maintained(outage: Outage, moved: Iterable[Job], ended: Iterable[Job]) -> None:
    """The same of jobs that stood in the way of planned maintenance."""
    text = _("Maintenance: {moved} of your jobs were moved, {ended} ended with your money back")
    for user, mine in _of_each(moved, ended):
        first = [*mine[0], *mine[1]][0]
        key = f"maintenance/{outage.pk}/{first.organization_id}/{user.pk}"
        _tell(user, mine, key=key, text=text, pool=outage.pool.slug, reason=outage.reason)


def _of_each(moved: Iterable[Job], ended: Iterable[Job]) -> Iterable[tuple[User, Changed]]:
    """Each person's jobs of one organization."""
    of_each: dict[tuple[int, User], Changed] = defaultdict(lambda: ([], []))
    for place, jobs in enumerate((moved, ended)):
        for job in jobs:
            of_each[job.organization_id, job.submitted_by][place].append(job)
    return [(user, changed) for (_organization, user), changed in of_each.items()]


def _tell(user: User, changed: Changed, *, key: str, text: str, **more: Any) -> None:
    moved, ended = changed
    outbox.tell(
        Kind.MAINTENANCE,
        organization=[*moved, *ended][0].organization,
        key=key,
        person=user.pk,
        text=text.format(moved=len(moved), ended=len(ended)),
        moved=[_moved(job) for job in moved],
        ended=[_ended(job) for job in ended],
        **more,
    )


def _moved(job: Job) -> dict[str, Any]:
    promised, start = job.promised_start, job.start_at
    assert promised
    assert start
    return {"job": str(job.pk), "name": job.name, "promised": promised.isoformat(), "start": start.isoformat()}


def _ended(job: Job) -> dict[str, Any]:
    back = {"back": format_credits(job.price or 0), "credit": format_credits(job.credit)}
    return {"job": str(job.pk), "name": job.name, **back}
