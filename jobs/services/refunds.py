"""What operators give back by hand: of a job's price, or a credit on top. Each has a reason, which the tenant sees."""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.models import Organization, Transfer, User
from accounts.services import audit, budgets, ledger
from era_platform.common.errors import Conflict, InvalidInput
from era_platform.common.money import MAX_AMOUNT, format_credits
from jobs.models import Job
from notifications.models import Kind
from notifications.services import outbox

REASON_LENGTH = 200  # of a transfer's memo


def refund(*, actor: User, job: Job, amount: int, reason: str) -> Transfer:
    """Give back `amount` micro-credits of what the job has paid. Raises InvalidInput, or Conflict (`left`)."""
    reason = _checked(amount, reason)
    with scopes_disabled(), transaction.atomic():
        ledger.lock_wallet(job.organization)
        left = refundable(job)
        if amount > left:
            raise Conflict(
                _("{amount} credits are more than the {left} that are left of what this job paid.").format(
                    amount=format_credits(amount), left=format_credits(left)
                ),
                field="amount",
                left=format_credits(left),
            )
        moved = ledger.refund(job.organization, amount, reference=job.pk, actor=actor, memo=reason)
        if job.promised_start:
            budgets.give_back(job.organization_id, job.submitted_by_id, job.project_id, job.promised_start, amount)
        _write_down("job.refunded", actor, job.organization, moved, reason, job=job)
    return moved


def credit(
    *, actor: User, organization: Organization, amount: int, reason: str, job: Job | None = None
) -> Transfer | None:
    """Give the organization `amount` micro-credits, for a job of its own or for none. Raises InvalidInput."""
    reason = _checked(amount, reason)
    if job and job.organization_id != organization.pk:
        raise InvalidInput(
            _("The job {job} is not one of {organization}.").format(job=job.pk, organization=organization), field="job"
        )
    with scopes_disabled(), transaction.atomic():
        ledger.lock_wallet(organization)
        # Without the job as its reference: what a job says it was credited is what its settlement gave.
        memo = f"{reason[: REASON_LENGTH - 11]} ({str(job.pk)[:8]})" if job else reason
        moved = ledger.credit(organization, amount, reference=None, actor=actor, memo=memo)
        assert moved
        _write_down("wallet.credited", actor, organization, moved, reason, job=job)
    return moved


def refundable(job: Job) -> int:
    """What is left of what the job paid, in micro-credits."""
    back = Transfer.objects.filter(reference=job.pk, kind=Transfer.Kind.REFUND).aggregate(sum=Sum("amount"))["sum"]
    return (job.paid or 0) - int(back or 0)


def _checked(amount: int, reason: str) -> str:
    if not 0 < amount <= MAX_AMOUNT:
        raise InvalidInput(
            _("An amount must be more than 0, not {amount}.").format(amount=format_credits(amount)), field="amount"
        )
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise InvalidInput(
            _("A reason of 1 to {most} characters is needed; this one has {count}.").format(
                most=REASON_LENGTH, count=len(reason)
            ),
            field="reason",
        )
    return reason


def _write_down(
    action: str, actor: User, organization: Organization, moved: Transfer, reason: str, *, job: Job | None
) -> None:
    amount = format_credits(moved.amount)
    told = {"amount": amount, "reason": reason, "transfer": moved.pk}
    audit.record(action, actor=actor, organization=organization, target=job.pk if job else organization, **told)
    outbox.tell(
        Kind.REFUNDED,
        organization=organization,
        key=f"transfer/{moved.pk}",
        job=job.pk if job else None,
        person=job.submitted_by_id if job else None,
        credit=amount,
        reason=reason,
        **({"name": job.name} if job else {}),
    )
