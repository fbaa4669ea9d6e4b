"""What operators put into wallets, and what waits until a second one has looked at it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class TopUpRequest(models.Model):
    """`amount` micro-credits for one organization, decided once: by the limit itself (`decided_by` is nobody then), or
    by an operator who is not the one that asked. `transfer` is what was made of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        GIVEN = "given", _("Given")
        DECLINED = "declined", _("Declined")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="top_up_requests")
    amount = models.BigIntegerField(_("amount (micro-credits)"))
    memo = models.CharField(_("memo"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", db_index=False)
    requested_at = models.DateTimeField(_("asked"), default=clock.now, editable=False)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    transfer = models.OneToOneField("accounts.Transfer", models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("top-up")
        verbose_name_plural = _("top-ups")
        ordering = ["-requested_at"]
        indexes = [
            models.Index(fields=["requested_by", "requested_at"], name="top_up_by_asker"),
            models.Index(fields=["requested_at"], condition=models.Q(state="waiting"), name="top_up_waiting"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="top_up_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("requested_by")),
                name="top_up_decided_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", decided_by=None, decided_at=None, transfer=None)
                | models.Q(state="given", decided_at__isnull=False, transfer__isnull=False)
                | (
                    models.Q(state="declined", decided_by__isnull=False, decided_at__isnull=False, transfer=None)
                    & ~models.Q(reason="")
                ),
                name="top_up_state_matches",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} · {self.organization}"
