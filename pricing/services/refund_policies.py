"""Publishes refund policies: each is a new version, and holds for what is sold from then on."""

from django.db import transaction

from accounts.models import User
from accounts.services import audit
from era_platform.common.errors import InvalidInput
from pricing.models import Pool, RefundPolicy
from pricing.refunds import Policy, faults
from pricing.services import book


def change(*, actor: User | None, pool_id: int, policy: Policy) -> RefundPolicy:
    """The pool's policy from the next submission on. Raises InvalidInput with each field that makes no sense.

    The one that holds already is not published again.
    """
    if found := faults(policy):
        errors = [{"field": name, "detail": text, "code": InvalidInput.code} for name, text in found.items()]
        raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        current = pool.refund_policy
        if current and current.policy == policy:
            return current
        published = publish(pool, policy, actor=actor)
        was = current.policy.kept() if current else None
        audit.record("pool.refunds_changed", actor=actor, target=pool.slug, was=was, now=policy.kept())
    return published


def publish(pool: Pool, policy: Policy, *, actor: User | None) -> RefundPolicy:
    """The next version; the pool's row is locked, or just made."""
    version = pool.refund_policy.version + 1 if pool.refund_policy else 1
    published: RefundPolicy = RefundPolicy.objects.create(pool=pool, version=version, created_by=actor, **policy.kept())
    pool.refund_policy = published
    pool.save(update_fields=["refund_policy"])
    return published
