"""Who is told of a notice, by which way, and how far that has come."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Delivery(models.Model):
    """`next_at` is when it is tried next, and while somebody tries it, when another may.

    One on the page is sent as soon as it is there, and has `read_at`.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        PAGE = "page", _("Page")
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+", db_index=False)
    notice = models.ForeignKey("notifications.Notice", models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    user = models.ForeignKey(
        "accounts.User", models.CASCADE, null=True, blank=True, related_name="notices", db_index=False
    )
    webhook = models.ForeignKey(
        "notifications.Webhook", models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=clock.now)
    error = models.CharField(_("what went wrong"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="delivery_due"),
            models.Index(
                fields=["organization", "user", "-id"], condition=models.Q(channel="page"), name="delivery_on_page"
            ),
            models.Index(
                fields=["organization", "user"],
                condition=models.Q(channel="page", read_at=None),
                name="delivery_unread",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel", "user", "webhook"], name="delivery_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(channel="webhook", webhook__isnull=False, user=None)
                | models.Q(channel__in=["mail", "page"], webhook=None, user__isnull=False),
                name="delivery_has_its_address",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "dead"]), name="delivery_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
