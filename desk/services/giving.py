"""Gives money back at the desk: who may give how much is said here, what it means by jobs/services/refunds.py."""

from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import staff
from accounts.models import Organization, StaffRole, Transfer, User
from accounts.services import idempotency, top_ups
from era_platform.common.errors import Forbidden
from era_platform.common.money import format_credits, parse_credits
from jobs.models import Job
from jobs.services import refunds

MAY = (StaffRole.SUPPORT, StaffRole.OPERATOR)


class Act(StrEnum):
    """Of what the job has paid, or on top of whatever comes back."""

    REFUND = "refund"
    CREDIT = "credit"


@transaction.atomic
def give(*, actor: User, job: Job, act: Act, amount: int, reason: str, key: UUID) -> Transfer | None:
    """Give it, once for each `key`: None where that was done before.

    Raises Forbidden, InvalidInput, Conflict naming what is left of what the job paid, and IdempotencyMismatch.
    """
    _check(actor, amount)
    asked = {"act": act.value, "job": str(job.pk), "amount": amount, "reason": reason}
    if idempotency.claim(job.organization, f"desk:{key}", asked, reference=job.pk):
        return None
    if act == Act.REFUND:
        return refunds.refund(actor=actor, job=job, amount=amount, reason=reason)
    top_ups.check_alone(actor, amount)
    return refunds.credit(actor=actor, organization=job.organization, amount=amount, reason=reason, job=job)


@transaction.atomic
def credit(*, actor: User, organization: Organization, amount: int, reason: str, key: UUID) -> Transfer | None:
    """Credit the organization, for no job of its own; once for each `key`, and raises as `give` does."""
    _check(actor, amount)
    asked = {"act": Act.CREDIT.value, "amount": amount, "reason": reason}
    if idempotency.claim(organization, f"desk:{key}", asked, reference=key):
        return None
    top_ups.check_alone(actor, amount)
    return refunds.credit(actor=actor, organization=organization, amount=amount, reason=reason)


def _check(actor: User, amount: int) -> None:
    staff.require(actor, *MAY)
    limit = most(actor)
    if limit is not None and amount > limit:
        raise Forbidden(
            _("Support gives at most {limit} credits in one go, not {amount}: ask an operator.").format(
                limit=format_credits(limit), amount=format_credits(amount)
            )
        )


def most(user: User) -> int | None:
    """What this person may give in one go, in micro-credits; None where there is no limit, 0 for who may not."""
    role = staff.role_of(user)
    if role == StaffRole.OPERATOR:
        return None
    return parse_credits(settings.ERA_SUPPORT_REFUND_LIMIT) if role == StaffRole.SUPPORT else 0
