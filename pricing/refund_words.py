"""Says in words what comes back of a price, for whoever is about to buy or has bought."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from pricing.refunds import Policy


def sentences(policy: Policy) -> list[str]:
    """One for each case, in the order in which they can come up."""
    return [*_of_cancelling(policy), *_of_ending_early(policy), *_of_the_platform(policy)]


def _of_cancelling(policy: Policy) -> Iterator[str]:
    if policy.notice and policy.notice[0].seconds == 0:
        yield _("Cancelled before its start: {percent} % of the price comes back.").format(
            percent=policy.notice[0].percent
        )
        return
    for step in policy.notice:
        yield _("Cancelled at least {time} before its start: {percent} % of the price comes back.").format(
            time=_span(step.seconds), percent=step.percent
        )
    if not policy.notice or policy.notice[-1].seconds:
        yield (
            _("Cancelled with less notice: nothing comes back.")
            if policy.notice
            else _("Cancelled before its start: nothing comes back.")
        )


def _of_ending_early(policy: Policy) -> Iterator[str]:
    if policy.unused_percent:
        yield _("Ended early: {percent} % of the price of the slots that it leaves unused comes back.").format(
            percent=policy.unused_percent
        )
    else:
        yield _("Ended early: all of its slots are paid.")


def _of_the_platform(policy: Policy) -> Iterator[str]:
    if policy.loss_credit_percent:
        yield _("Failed by the platform: all comes back, and {percent} % on top where its machine was lost.").format(
            percent=policy.loss_credit_percent
        )
    else:
        yield _("Failed by the platform: all comes back.")
    late = _("Started more than {grace} late: the slots it missed come back").format(
        grace=_span(policy.late_grace_seconds)
    )
    if policy.late_percent and policy.late_most_percent:
        late += _(", and {percent} % of the price for each minute, at most {most} %").format(
            percent=policy.late_percent, most=policy.late_most_percent
        )
    yield f"{late}."


def _span(seconds: int) -> str:
    """As people say it: `1 day`, `90 minutes`, `45 seconds`."""
    for size, one, many in (
        (86_400, _("1 day"), _("{count} days")),
        (3_600, _("1 hour"), _("{count} hours")),
        (60, _("1 minute"), _("{count} minutes")),
    ):
        if seconds and seconds % size == 0:
            return one if seconds == size else many.format(count=seconds // size)
    return _("{count} seconds").format(count=int(timedelta(seconds=seconds).total_seconds()))
