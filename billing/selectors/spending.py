"""Who spent what: an organization's settled jobs by project, member, pool or week, and what this month may come to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import BigIntegerField, Count, ExpressionWrapper, F, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncWeek
from django.utils.translation import gettext as _

from accounts.models import Organization
from billing.months import Month
from jobs.models import Job
from jobs.states import State


class By(StrEnum):
    PROJECT = "project"
    MEMBER = "member"
    POOL = "pool"
    WEEK = "week"


@dataclass(frozen=True)
class Row:
    """What the jobs of one project, member, pool or week came to: money in micro-credits, time in units × seconds."""

    label: str
    jobs: int
    unit_seconds: int
    paid: int
    credit: int

    @property
    def unit_hours(self) -> float:
        return self.unit_seconds / 3_600


@dataclass(frozen=True)
class Outlook:
    """Of a month, in micro-credits: what settled jobs paid, and what is held for jobs that start in it."""

    paid: int
    reserved: int

    @property
    def at_most(self) -> int:
        return self.paid + self.reserved


_GROUPS: dict[By, tuple[str, Callable[[dict[str, Any]], str]]] = {
    By.PROJECT: ("project__name", lambda row: row["project__name"] or _("no project")),
    By.MEMBER: ("submitted_by__email", lambda row: row["submitted_by__email"]),
    By.POOL: ("pool__name", lambda row: row["pool__name"]),
    By.WEEK: ("week", lambda row: f"{row['week']:%G-W%V}"),
}
"""What a kind of row is grouped by, and how it is called."""

_UNIT_SECONDS = ExpressionWrapper(
    F("units") * (F("end_slot") - F("start_slot")) * F("pool__slot_seconds"), output_field=BigIntegerField()
)


def spending(organization: Organization, since: datetime, until: datetime, by: By) -> list[Row]:
    """Jobs that were settled in [since, until): weeks in their order, all others the dearest first."""
    field, label = _GROUPS[by]
    jobs = settled(organization, since, until).annotate(week=TruncWeek("settled_at"))
    rows = (
        jobs.values(field)
        .annotate(
            count=Count("pk"),
            unit_seconds=Coalesce(Sum(_UNIT_SECONDS), 0),
            money=Coalesce(Sum("paid"), 0),
            credits=Coalesce(Sum("credit"), 0),
        )
        .order_by(*(["week"] if by == By.WEEK else ["-money", field]))
    )
    return [
        Row(label(row), row["count"], int(row["unit_seconds"]), int(row["money"]), int(row["credits"])) for row in rows
    ]


def settled(organization: Organization, since: datetime, until: datetime) -> QuerySet[Job]:
    found: QuerySet[Job] = Job.objects.filter(organization=organization, settled_at__gte=since, settled_at__lt=until)
    return found


def outlook(organization: Organization, month: Month) -> Outlook:
    """What the month comes to if every job that is reserved for it, or runs, pays its whole price."""
    paid = settled(organization, month.begins, month.ends).aggregate(sum=Coalesce(Sum("paid"), 0))["sum"]
    open_jobs = Job.objects.filter(organization=organization, settled_at=None, start_at__lt=month.ends)
    open_jobs = open_jobs.exclude(state=State.REJECTED)
    return Outlook(int(paid), int(open_jobs.aggregate(sum=Coalesce(Sum("price"), 0))["sum"]))
