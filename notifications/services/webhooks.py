"""Webhooks: added, given a new secret, removed; and what was given up, sent again."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.digests import new_secret
from accounts.models import Organization, User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from notifications.calls import check_url
from notifications.models import Delivery, Kind, Webhook

PREFIX = "whsec_"
MOST = 20
OVERLAP = timedelta(hours=24)
"""How long the secret before a new one signs too."""


@transaction.atomic
def add(*, actor: User, organization: Organization, url: str, kinds: Sequence[str] = ()) -> Webhook:
    """With a new secret. Raises InvalidInput, or Conflict where the address is one already or there are too many."""
    check_url(url)
    if unknown := sorted(set(kinds) - set(Kind.values)):
        raise InvalidInput(
            _("“{kind}” is not a kind of notice; these are: {kinds}.").format(
                kind=unknown[0][:40], kinds=", ".join(Kind.values)
            ),
            field="kinds",
        )
    with scope(organization=organization):
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if Webhook.objects.filter(removed_at=None).count() >= MOST:
            raise Conflict(_("An organization has at most {most} webhooks; remove one first.").format(most=MOST))
        try:
            with transaction.atomic():
                made: Webhook = Webhook.objects.create(
                    organization=organization,
                    url=url,
                    kinds=sorted(set(kinds)),
                    secret=new_secret(PREFIX),
                    created_by=actor,
                )
        except IntegrityError as error:
            raise Conflict(_("There is a webhook to {url} already.").format(url=url), field="url") from error
    audit.record("webhook.added", actor=actor, organization=organization, target=made.pk, url=url, kinds=made.kinds)
    return made


@transaction.atomic
def rotate(*, actor: User, webhook: Webhook) -> Webhook:
    """Give it a new secret; the one before signs too for OVERLAP, so that nothing is lost meanwhile."""
    with scope(organization=webhook.organization):
        webhook = Webhook.objects.select_for_update(of=("self",)).select_related("organization").get(pk=webhook.pk)
        webhook.previous_secret, webhook.previous_until = webhook.secret, clock.now() + OVERLAP
        webhook.secret = new_secret(PREFIX)
        webhook.save(update_fields=["secret", "previous_secret", "previous_until"])
    audit.record("webhook.rotated", actor=actor, organization=webhook.organization, target=webhook.pk)
    return webhook


@transaction.atomic
def remove(*, actor: User, webhook: Webhook) -> None:
    """Nothing goes there any more, also of what waits; removing it twice is the same as once."""
    with scope(organization=webhook.organization):
        gone = Webhook.objects.filter(pk=webhook.pk, removed_at=None).update(removed_at=clock.now(), secret="")
        Delivery.objects.filter(webhook=webhook.pk, state=Delivery.State.WAITING).update(state=Delivery.State.DEAD)
    if gone:
        audit.record("webhook.removed", actor=actor, organization=webhook.organization, target=webhook.pk)


@transaction.atomic
def send_again(*, actor: User, delivery: Delivery) -> bool:
    """Try what was given up from the beginning. False if it isn't given up (any more)."""
    with scope(organization=delivery.organization):
        dead = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DEAD)
        again = dead.update(state=Delivery.State.WAITING, attempts=0, next_at=clock.now())
    if again:
        audit.record("webhook.sent_again", actor=actor, organization=delivery.organization, target=delivery.pk)
    return bool(again)
