"""Passes notices on: to whom each goes, and by which ways, as a row for each delivery."""

from collections.abc import Iterator

from django.db import transaction
from django_scopes import scopes_disabled

from accounts.models import Membership, Role
from era_platform.common import clock
from notifications.models import Delivery, Kind, Notice, Webhook
from notifications.selectors.preferences import ways_of_many

BATCH = 200


def fan_out() -> int:
    """Make the deliveries of all notices that have none yet; returns how many notices were passed on."""
    passed_on = 0
    with scopes_disabled():
        while count := _some():
            passed_on += count
    return passed_on


@transaction.atomic
def _some() -> int:
    waiting = Notice.objects.filter(fanned_out_at=None).order_by("id")
    notices = list(waiting.select_for_update(skip_locked=True)[:BATCH])
    made = [delivery for notice in notices for delivery in _deliveries(notice)]
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(fanned_out_at=clock.now())
    return len(notices)


def _deliveries(notice: Notice) -> Iterator[Delivery]:
    now = clock.now()
    users = _told(notice)
    chosen = ways_of_many(notice.organization_id, users)
    for user in users:
        ways = chosen[user][Kind(notice.kind)]
        if ways.mail:
            yield _delivery(notice, Delivery.Channel.MAIL, user_id=user)
        if ways.page:
            page = _delivery(notice, Delivery.Channel.PAGE, user_id=user)
            page.state, page.sent_at = Delivery.State.SENT, now
            yield page
    for webhook in Webhook.objects.filter(organization=notice.organization_id, removed_at=None):
        if webhook.wants(notice.kind):
            yield _delivery(notice, Delivery.Channel.WEBHOOK, webhook=webhook)


def _delivery(notice: Notice, channel: Delivery.Channel, **address: object) -> Delivery:
    return Delivery(organization_id=notice.organization_id, notice=notice, channel=channel, **address)


def _told(notice: Notice) -> list[int]:
    """Whom it is about, if still a member; of budgets, and of what is about nobody, the owners."""
    members = Membership.objects.filter(organization=notice.organization_id, user__is_active=True)
    roles = dict(members.values_list("user", "role"))
    owners = {user for user, role in roles.items() if role == Role.OWNER}
    about = {notice.person_id} & roles.keys() if notice.person_id else set()
    return sorted(about | owners if notice.kind == Kind.BUDGET or not about else about)
