"""A person's notices in one organization, as the page and the API list them."""

from django.db.models import QuerySet

from accounts.models import Organization, User
from notifications.models import Delivery, Webhook

MOST_COUNTED = 100


def notices_of(organization: Organization, user: User) -> QuerySet[Delivery]:
    """What is on the person's page, newest first."""
    mine = Delivery.objects.filter(organization=organization, user=user, channel=Delivery.Channel.PAGE)
    return mine.select_related("notice", "notice__organization").order_by("-id")


def unread(organization: Organization, user: User) -> int:
    """How many are unread, at most MOST_COUNTED: nobody needs to know more, and it costs no more."""
    mine = Delivery.objects.filter(organization=organization, user=user, channel=Delivery.Channel.PAGE, read_at=None)
    return mine.order_by()[:MOST_COUNTED].count()


def webhooks_of(organization: Organization) -> QuerySet[Webhook]:
    return Webhook.objects.filter(organization=organization, removed_at=None)


def given_up(organization: Organization) -> QuerySet[Delivery]:
    """Calls of the organization's webhooks that were tried long enough, newest first."""
    dead = Delivery.objects.filter(
        organization=organization, channel=Delivery.Channel.WEBHOOK, state=Delivery.State.DEAD, webhook__removed_at=None
    )
    return dead.select_related("notice", "webhook").order_by("-id")
