"""Reads refund policies. None of them ever changes, so each is read once by each process."""

from functools import lru_cache

from pricing.models import RefundPolicy
from pricing.refunds import BEFORE_POLICIES, Policy


def policy_of(policy_id: int | None) -> Policy:
    """The policy with this key; of a pool, or a job, that has none, what held before there were any."""
    return BEFORE_POLICIES if policy_id is None else row_of(policy_id).policy


@lru_cache(maxsize=1_000)
def row_of(policy_id: int) -> RefundPolicy:
    """The policy with this key, as a version of its pool's."""
    return RefundPolicy.objects.get(pk=policy_id)
