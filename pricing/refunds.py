"""What comes back of a price, and what is given on top: a pool's refund policy applied to how a job ended.

Pure arithmetic. Amounts are int64 micro-credits, shares whole percents. Every share is rounded up to the micro-credit,
which is in the buyer's favour; what is paid is the price less what comes back, so the two always add up to the price.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

LONGEST_NOTICE = 366 * 86_400
MOST_STEPS = 10


class Notice(NamedTuple):
    """Who cancels at least `seconds` before the start gets `percent` of the price back."""

    seconds: int
    percent: int


class Policy(NamedTuple):
    """`notice` goes from the longest to the shortest; who gives less notice than its last step gets nothing back.

    `unused_percent`: of the price of the slots that begin after the job's end. `loss_credit_percent`: of the price,
    given to whose slot was lost with a machine, beside all of the price. A job that the platform starts more than
    `late_grace_seconds` late gets the slots back that passed without it, and a credit of `late_percent` of the
    price for each minute that has begun since its start was due, at most `late_most_percent`.
    """

    notice: tuple[Notice, ...] = (Notice(0, 100),)
    unused_percent: int = 50
    loss_credit_percent: int = 10
    late_grace_seconds: int = 60
    late_percent: int = 1
    late_most_percent: int = 50

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        return cls(**{**kept, "notice": tuple(Notice(**step) for step in kept["notice"])})

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "notice": [step._asdict() for step in self.notice]}


BEFORE_POLICIES = Policy(unused_percent=0, late_percent=0, late_most_percent=0)
"""What held for jobs that were sold before pools had a policy: they paid for all of their slots, used or not."""


class Settlement(NamedTuple):
    """What becomes of a price, in micro-credits. `paid + cancelled + missed + unused + failed` is the price.

    `cancelled`, `missed` (slots that passed before a late start), `unused` (slots after the end) and `failed` come
    back. `late` and `loss` are given on top of that, as credits.
    """

    paid: int
    cancelled: int = 0
    missed: int = 0
    unused: int = 0
    failed: int = 0
    late: int = 0
    loss: int = 0

    @property
    def back(self) -> int:
        return self.cancelled + self.missed + self.unused + self.failed

    @property
    def credit(self) -> int:
        return self.late + self.loss


def share(amount: int, percent: int) -> int:
    """`percent` of `amount`, rounded up to the micro-credit."""
    return -(-amount * percent // 100)


def cancelled(policy: Policy, price: int, notice_seconds: float) -> Settlement:
    """Of a job that was cancelled before it started, so long before its start; less than 0 where that is overdue."""
    percent = next((step.percent for step in policy.notice if notice_seconds >= step.seconds), 0)
    back = price if notice_seconds < 0 else share(price, percent)
    return Settlement(price - back, cancelled=back)


def failed(policy: Policy, price: int, *, lost: bool) -> Settlement:
    """Of a job that failed through no doing of its own: all comes back, and a credit where its slot was `lost`."""
    return Settlement(0, failed=price, loss=share(price, policy.loss_credit_percent) if lost else 0)


def ran(
    policy: Policy, price: int, costs: Sequence[int], *, used_from: int, used_to: int, late_seconds: float
) -> Settlement:
    """Of a job that ran, whatever it came to. `costs` are its slots' own prices, which add up to `price`.

    It had the slots [used_from, used_to) of them, counted from its first: those before passed without it, those
    from `used_to` on were given back. `late_seconds` is how long after its start the platform began it.
    """
    is_late = late_seconds > policy.late_grace_seconds
    missed = sum(costs[: min(used_from, len(costs))]) if is_late else 0
    unused = share(sum(costs[max(used_to, used_from) :]), policy.unused_percent)
    return Settlement(
        price - missed - unused, missed=missed, unused=unused, late=late_credit(policy, price, late_seconds)
    )


def late_credit(policy: Policy, price: int, late_seconds: float) -> int:
    """By the minute that has begun, counted from when the start was due; nothing within the grace."""
    if late_seconds <= policy.late_grace_seconds:
        return 0
    minutes = int(-(-late_seconds // 60))
    return share(price, min(minutes * policy.late_percent, policy.late_most_percent))


def faults(policy: Policy) -> dict[str, str]:
    """What makes no sense, by field."""
    found = {}
    for name in ("unused_percent", "loss_credit_percent", "late_percent", "late_most_percent"):
        if not 0 <= (percent := getattr(policy, name)) <= 100:
            found[name] = f"{percent} is not a share: it must lie between 0 and 100 percent."
    if not 0 <= policy.late_grace_seconds <= 86_400:
        found["late_grace_seconds"] = f"{policy.late_grace_seconds} seconds are no grace: 0 to a day are."
    if fault := _fault_of_notice(policy.notice):
        found["notice"] = fault
    return found


def _fault_of_notice(steps: Sequence[Notice]) -> str:
    if len(steps) > MOST_STEPS:
        return f"{len(steps)} steps are more than {MOST_STEPS}."
    for step in steps:
        if not 0 <= step.percent <= 100:
            return f"{step.percent} is not a share: it must lie between 0 and 100 percent."
        if not 0 <= step.seconds <= LONGEST_NOTICE:
            return f"{step.seconds} seconds are no notice: 0 to a year are."
    for longer, shorter in pairwise(steps):
        if longer.seconds <= shorter.seconds:
            return f"{shorter.seconds} s comes after {longer.seconds} s: the longest notice must come first."
        if longer.percent < shorter.percent:
            return f"{longer.percent} % is less than {shorter.percent} %, which comes back with less notice."
    return ""
