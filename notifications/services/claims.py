"""Deliveries that are due: claimed for a while, tried outside of any transaction, and written down after.

A worker that dies in between leaves what it had claimed to the next, after LEASE: so something may be sent twice.
"""

import random
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from era_platform.common import clock
from notifications.models import Delivery

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = 30.0, 6 * 3600.0
OF_ONE = 5
"""Of one webhook in a turn, so that one that answers slowly leaves room for the others."""


@transaction.atomic
def claim(channel: Delivery.Channel, most: int) -> list[Delivery]:
    """Up to `most` that are due, which nobody else tries until LEASE has passed."""
    due = Delivery.objects.filter(Q(webhook=None) | Q(webhook__removed_at=None), channel=channel)
    due = due.filter(state=Delivery.State.WAITING, next_at__lte=clock.now()).order_by("next_at")
    found = due.select_for_update(skip_locked=True, of=("self",)).select_related(
        "notice", "notice__organization", "user", "webhook"
    )
    mine = _fairly(list(found[: 4 * most]))[:most]
    until = clock.now() + LEASE
    Delivery.objects.filter(pk__in=[one.pk for one in mine]).update(attempts=F("attempts") + 1, next_at=until)
    for one in mine:
        one.attempts, one.next_at = one.attempts + 1, until
    return mine


def _fairly(found: list[Delivery]) -> list[Delivery]:
    seen: dict[int, int] = {}
    kept = []
    for one in found:
        if one.webhook_id:
            seen[one.webhook_id] = seen.get(one.webhook_id, 0) + 1
        if not one.webhook_id or seen[one.webhook_id] <= OF_ONE:
            kept.append(one)
    return kept


def sent(delivery: Delivery) -> None:
    _ours(delivery).update(state=Delivery.State.SENT, sent_at=clock.now(), error="")


def failed(delivery: Delivery, error: str, *, luck: Callable[[], float] = random.random) -> None:
    """Try again later, or, after MOST_ATTEMPTS, no more."""
    state = Delivery.State.DEAD if delivery.attempts >= MOST_ATTEMPTS else Delivery.State.WAITING
    wait = timedelta(seconds=back_off(delivery.attempts, luck()))
    _ours(delivery).update(state=state, next_at=clock.now() + wait, error=error[:200])


def back_off(attempts: int, luck: float) -> float:
    """Seconds until the next attempt: twice as long each time, of which `luck` (0 to 1) decides one half."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempts - 1))
    return longest / 2 + longest / 2 * luck


def _ours(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=Delivery.State.WAITING)
