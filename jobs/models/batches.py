"""A batch: many jobs that were asked for, priced in order and answered in one go."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Batch(models.Model):
    """`size` requests were asked for; `accepted` of them are reserved, at `price` micro-credits together."""

    class Mode(models.TextChoices):
        ALL_OR_NOTHING = "all_or_nothing", _("All or nothing")
        BEST_EFFORT = "best_effort", _("As many as can be had")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="batches")
    submitted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(_("submitted"), default=clock.now, editable=False)
    name = models.CharField(_("name"), max_length=120)
    mode = models.CharField(_("mode"), max_length=20, choices=Mode.choices)
    size = models.PositiveIntegerField(_("requests"))
    accepted = models.PositiveIntegerField(_("accepted"))
    price = models.BigIntegerField(_("price (micro-credits)"))

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-submitted_at", "-id"]
        indexes = [models.Index(fields=["organization", "-submitted_at", "-id"], name="batch_by_organization")]
        constraints = [
            models.CheckConstraint(condition=models.Q(size__gte=models.F("accepted")), name="batch_accepts_at_most_all")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def refused(self) -> int:
        return self.size - self.accepted
