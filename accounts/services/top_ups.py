"""Top-ups by operators: made at once within what one person may give in a day, beyond that by two people."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from accounts import staff
from accounts.models import Organization, StaffRole, TopUpRequest, Transfer, User
from accounts.services import audit, idempotency, wallets
from era_platform.common import clock
from era_platform.common.errors import Conflict, Forbidden, InvalidInput, NotFound
from era_platform.common.money import format_credits, parse_credits

WINDOW = timedelta(hours=24)
"""How far back what somebody gave alone counts."""
REASON_LENGTH = 200

State = TopUpRequest.State


@transaction.atomic(durable=True)
def ask(*, actor: User, organizations: Iterable[Organization], amount: int, memo: str, key: UUID) -> list[TopUpRequest]:
    """Add `amount` micro-credits to each; where that is more than `actor` may give alone, each waits for another one.

    All of them are made, or none; each once for a `key`. Returns those that were made now. Raises InvalidInput, and
    IdempotencyMismatch where the key came with another amount or memo before.
    """
    if amount <= 0:
        raise InvalidInput(
            _("A top-up must be more than 0, not {amount}.").format(amount=format_credits(amount)), field="amount"
        )
    _one_at_a_time(actor)
    asked = []
    for organization in sorted(organizations, key=lambda one: one.pk):  # so that two never wait for each other
        request = TopUpRequest(organization=organization, amount=amount, memo=memo, requested_by=actor)
        with scope(organization=organization):
            body = {"amount": amount, "memo": memo}
            if idempotency.claim(organization, f"top-up:{key}", body, reference=request.pk) is None:
                asked.append(request)
    alone = given_alone(actor) + amount * len(asked) <= limit()
    for request in asked:
        if alone:
            _give(request, by=None)
        else:
            request.save(force_insert=True)
            _record("wallet.top_up_asked", actor, request)
    return asked


@transaction.atomic(durable=True)
def approve(*, actor: User, request_id: UUID) -> TopUpRequest:
    """Make the transfer, once. Raises NotFound; Forbidden for who asked for it, or is no operator; Conflict where it
    was decided before."""
    request = _waiting(actor, request_id)
    _give(request, by=actor)
    return request


@transaction.atomic(durable=True)
def decline(*, actor: User, request_id: UUID, reason: str) -> TopUpRequest:
    """Let it be. Raises as `approve` does, and InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput(_("Say why: whoever asked for it will read that."), field="reason")
    request = _waiting(actor, request_id)
    request.state, request.decided_by, request.decided_at = State.DECLINED, actor, clock.now()
    request.reason = reason.strip()[:REASON_LENGTH]
    _save(request)
    _record("wallet.top_up_declined", actor, request, reason=request.reason)
    return request


def limit() -> int:
    """Micro-credits that one operator may give within WINDOW without another one."""
    return parse_credits(settings.ERA_TOP_UP_APPROVAL_ABOVE)


def given_alone(user: User) -> int:
    """Micro-credits that `user` has given to whomever within WINDOW without another one, as top-ups and as credits."""
    since = clock.now() - WINDOW
    with scopes_disabled():
        alone = TopUpRequest.objects.filter(
            requested_by=user, requested_at__gt=since, state=State.GIVEN, decided_by=None
        )
        credited = Transfer.objects.filter(kind=Transfer.Kind.CREDIT, created_at__gt=since, actor=user)
        return sum(int(given.aggregate(sum=Sum("amount"))["sum"] or 0) for given in (alone, credited))


def check_alone(actor: User, amount: int) -> None:
    """Raises Forbidden where a credit of so much is more than `actor` may give alone. Part of the transaction that
    gives it."""
    _one_at_a_time(actor)
    if (left := limit() - given_alone(actor)) < amount:
        raise Forbidden(
            _(
                "Of the {limit} credits that one person may give within a day, {left} are left, not {amount}: "
                "ask for a top-up, which another operator approves."
            ).format(limit=format_credits(limit()), left=format_credits(max(left, 0)), amount=format_credits(amount))
        )


def _one_at_a_time(actor: User) -> None:
    """What one person gives is added up form by form: neither of two is overlooked by the other's sum."""
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)


def _waiting(actor: User, request_id: UUID) -> TopUpRequest:
    """The request, its row locked, if `actor` may decide it."""
    staff.require(actor, StaffRole.OPERATOR)
    with scopes_disabled():
        found = TopUpRequest.objects.select_for_update(of=("self",)).select_related("organization")
        request = found.filter(pk=request_id).first()
    if request is None:
        raise NotFound(_("There is no top-up {id}.").format(id=request_id))
    if request.requested_by_id == actor.pk:
        raise Forbidden(_("You asked for this top-up yourself: another operator has to decide."))
    if request.state != State.WAITING:
        raise Conflict(_("This top-up was decided before: {state}.").format(state=request.get_state_display().lower()))
    return request


def _give(request: TopUpRequest, *, by: User | None) -> None:
    """The transfer and what it is recorded by; `by` is None where the limit allows it without anybody else."""
    asker = request.requested_by
    with scope(organization=request.organization):
        claimed = idempotency.claim(request.organization, f"top-up-given:{request.pk}", {}, reference=request.pk)
    assert claimed is None, "a request that was given is not waiting"
    note = {"approved_by": by.email} if by else {}
    request.transfer = wallets.add(asker, request.organization, request.amount, request.memo, **note)
    request.state, request.decided_by, request.decided_at = State.GIVEN, by, clock.now()
    _save(request)
    if by:
        _record("wallet.top_up_approved", by, request)


def _save(request: TopUpRequest) -> None:
    with scopes_disabled():
        request.save()


def _record(action: str, actor: User, request: TopUpRequest, **more: str) -> None:
    audit.record(
        action,
        actor=actor,
        organization=request.organization,
        target=request.pk,
        amount=format_credits(request.amount),
        memo=request.memo,
        **more,
    )
