"""Tells an organization when a month's limit is used up to 50, 80 and 100 percent: each once."""

from django.db import transaction
from django.db.models import F
from django_scopes import scopes_disabled

from accounts.models import Membership, MonthlySpend
from era_platform.common.money import format_credits
from notifications.models import Kind
from notifications.services import outbox

BATCH = 200


def tell_budgets() -> int:
    """Put what PostgreSQL has noted at the counters into the outbox; returns how many."""
    with scopes_disabled():
        waiting = MonthlySpend.objects.filter(warned__gt=F("told")).select_related("organization", "project", "user")
        return sum(_tell(counter) for counter in waiting.order_by("id")[:BATCH])


@transaction.atomic
def _tell(counter: MonthlySpend) -> bool:
    mine = MonthlySpend.objects.filter(pk=counter.pk, told=counter.told).update(told=counter.warned)
    if not mine:
        return False
    limit = _limit(counter)
    outbox.tell(
        Kind.BUDGET,
        organization=counter.organization,
        key=f"budget/{counter.pk}/{counter.warned}",
        person=counter.user_id,
        percent=counter.warned,
        month=f"{counter.month // 100}-{counter.month % 100:02}",
        project=counter.project.slug if counter.project else None,
        member=counter.user.email if counter.user else None,
        spent=format_credits(counter.amount),
        limit=None if limit is None else format_credits(limit),
    )
    return True


def _limit(counter: MonthlySpend) -> int | None:
    if counter.project:
        return counter.project.monthly_limit
    members = Membership.objects.filter(organization=counter.organization_id, user=counter.user_id)
    return members.values_list("monthly_limit", flat=True).first()
