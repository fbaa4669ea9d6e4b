"""Keeps what jobs cost within the month's limits of their project and of whoever submits them.

A counter for each month (UTC, of the job's start) has what is held or paid, less what came back. PostgreSQL itself
refuses what would take one beyond its limit (migration `projects`), so no number of submitters at once gets past it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from django.db import IntegrityError, connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.models import Membership, MonthlySpend, Organization, Project, User
from era_platform.common.errors import BudgetExceeded
from era_platform.common.money import format_credits

CONSTRAINT = "monthly_spend_within_limit"
_ADD = """
INSERT INTO accounts_monthlyspend (organization_id, month, project_id, user_id, amount) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (organization_id, month, project_id, user_id)
DO UPDATE SET amount = accounts_monthlyspend.amount + EXCLUDED.amount
"""


class Spend(NamedTuple):
    """Micro-credits for a job that starts in `month`, for a project or for none."""

    month: int
    project: Project | None
    amount: int


def month_of(start: datetime) -> int:
    """As the counters have it: 202611."""
    start = start.astimezone(UTC)
    return start.year * 100 + start.month


def spend(organization: Organization, user: User, spends: Iterable[Spend]) -> None:
    """Count what is bought. The caller's transaction holds the wallet's row, and is within `explained`."""
    for month, project, amount in _summed(spends):
        with connection.cursor() as cursor:
            if project:
                cursor.execute(_ADD, (organization.pk, month, project.pk, None, amount))
            cursor.execute(_ADD, (organization.pk, month, None, user.pk, amount))


def give_back(organization_id: int, user_id: int, project_id: int | None, start: datetime, amount: int) -> None:
    """What came back of a job that started at `start` may be spent again.

    Never less than nothing is left at a counter: a job that was bought before there were any is not in it.
    """
    if not amount:
        return
    counters = MonthlySpend.objects.filter(organization_id=organization_id, month=month_of(start))
    less = Greatest(F("amount") - amount, 0)
    if project_id:
        counters.filter(project_id=project_id).update(amount=less)
    counters.filter(project=None, user_id=user_id).update(amount=less)


@contextmanager
def explained(organization: Organization, user: User, spends: list[Spend]) -> Iterator[None]:
    """Around the transaction that spends: what PostgreSQL refuses for a limit becomes BudgetExceeded, which says whose.

    `spends` is filled within.
    """
    try:
        yield
    except IntegrityError as error:
        cause = error.__cause__
        if not isinstance(cause, psycopg.Error) or cause.diag.constraint_name != CONSTRAINT:
            raise
        raise _explanation(organization, user, spends) from error


class Left(NamedTuple):
    """What may still be spent in a month, and by or on what; micro-credits."""

    of: str
    limit: int
    spent: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spent)


def left(organization: Organization, user: User, project: Project | None, month: int) -> list[Left]:
    """Of the project's limit and of the user's own, as far as there are any."""
    with scope(organization=organization):
        own = Membership.objects.filter(user=user).values_list("monthly_limit", flat=True).first()
        counters = MonthlySpend.objects.filter(month=month)
        found = []
        if project and project.monthly_limit is not None:
            on_it = counters.filter(project=project).values_list("amount", flat=True).first() or 0
            found.append(Left(_("the project {name}").format(name=project.name), project.monthly_limit, on_it))
        if own is not None:
            by_them = counters.filter(project=None, user=user).values_list("amount", flat=True).first() or 0
            found.append(Left(_("your own limit"), own, by_them))
    return found


def exceeded(over: Left, amount: int) -> BudgetExceeded:
    return BudgetExceeded(
        _("{amount} credits are more than the {left} that are left this month of {of}, which has {limit}.").format(
            amount=format_credits(amount),
            left=format_credits(over.left),
            of=over.of,
            limit=format_credits(over.limit),
        ),
        field="project",
        limit=format_credits(over.limit),
        spent=format_credits(over.spent),
        left=format_credits(over.left),
    )


def _explanation(organization: Organization, user: User, spends: list[Spend]) -> BudgetExceeded:
    for month, project, amount in _summed(spends):
        for each in left(organization, user, project, month):
            if amount > each.left:
                return exceeded(each, amount)
    return BudgetExceeded(_("A month's limit of the project, or your own, does not allow this."), field="project")


def _summed(spends: Iterable[Spend]) -> list[Spend]:
    """One for each month and project, in an order that is always the same."""
    sums: dict[tuple[int, int], Spend] = {}
    for month, project, amount in spends:
        key = (month, project.pk if project else 0)
        sums[key] = Spend(month, project, amount + (sums[key].amount if key in sums else 0))
    return [sums[key] for key in sorted(sums) if sums[key].amount]
