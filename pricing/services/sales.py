"""Pauses what a pool sells, and resumes it. What is promised stays promised."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from era_platform.common.errors import InvalidInput
from pricing.models import Pool
from pricing.services import book


def pause(*, actor: User, pool_id: int, reason: str) -> Pool:
    """Nothing more is sold until `resume`; `reason` is shown to everybody. Pausing again changes the reason."""
    reason, most = reason.strip(), Pool._meta.get_field("closed_reason").max_length
    if not reason or len(reason) > (most or 0):
        raise InvalidInput(
            _("A reason of 1 to {most} characters is needed to pause a pool; this one has {count}.").format(
                most=most, count=len(reason)
            ),
            field="reason",
        )
    return _set(actor, pool_id, is_open=False, reason=reason)


def resume(*, actor: User, pool_id: int) -> Pool:
    """For sale again. One that is for sale stays so."""
    return _set(actor, pool_id, is_open=True, reason="")


def _set(actor: User, pool_id: int, *, is_open: bool, reason: str) -> Pool:
    """Behind the pool's lock: after it nobody who looked before buys."""
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        if (pool.is_open, pool.closed_reason) != (is_open, reason):
            pool.is_open, pool.closed_reason = is_open, reason
            pool.save(update_fields=["is_open", "closed_reason"])
            action = "pool.resumed" if is_open else "pool.paused"
            audit.record(action, actor=actor, target=pool.slug, reason=reason)
    return pool
