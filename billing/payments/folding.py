"""What a payment comes to, from all that was said of it: whatever the order in which it came, and how often.

Pure arithmetic. Money is in the currency's smallest unit, credits are micro-credits.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from billing.payments.provider import FactKind


@dataclass(frozen=True)
class Said:
    """The part of an event that counts. `at` orders what contradicts itself: the later one holds."""

    kind: FactKind
    amount: int
    subject: str = ""
    holds: bool = True
    is_final: bool = False
    at: tuple[float, str] = (0.0, "")


@dataclass(frozen=True)
class Folded:
    is_paid: bool
    is_failed: bool
    is_expired: bool
    refunded: int
    """Money, of what was paid."""
    disputed: int
    """Money that disputes hold, of what is not refunded."""


def fold(said: Iterable[Said], money: int) -> Folded:
    """`money` is what was to be paid: no more than that comes back."""
    said = list(said)
    kinds = {one.kind for one in said}
    refunds: dict[str, int] = {}
    for one in said:
        if one.kind == FactKind.REFUNDED:
            refunds[one.subject] = max(one.amount, refunds.get(one.subject, 0))
    refunded = min(sum(refunds.values()), money)
    subjects = {one.subject for one in said if one.kind == FactKind.DISPUTED}
    held = sum(
        _held([one for one in said if one.kind == FactKind.DISPUTED and one.subject == each]) for each in subjects
    )
    return Folded(
        is_paid=FactKind.PAID in kinds,
        is_failed=FactKind.FAILED in kinds,
        is_expired=FactKind.EXPIRED in kinds,
        refunded=refunded,
        disputed=min(held, money - refunded),
    )


def _held(dispute: list[Said]) -> int:
    """What one dispute holds: as it ended, or, while it is open, if it was ever said to hold anything."""
    ends = [one for one in dispute if one.is_final]
    if ends:
        end = max(ends, key=lambda one: one.at)
        return end.amount if end.holds else 0
    return max((one.amount for one in dispute if one.holds), default=0)


def stands(credits: int, money: int, gone: int) -> int:
    """Of `credits` that were bought for `money`, what is left when `gone` of the money has gone back; rounded up, in
    the buyer's favour."""
    return -(-credits * (money - gone) // money)
