"""Outages: units of a pool that are not there for a while, because of planned maintenance or a node that was lost."""

from datetime import datetime

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock
from pricing.models.book import OPEN_END


class Outage(models.Model):
    """Takes `units` out of [start_slot, end_slot); what holds until further notice ends at OPEN_END.

    One that was ended early, or called off, gave its units back from slot `back_from` on.
    """

    class Cause(models.TextChoices):
        MAINTENANCE = "maintenance", _("Maintenance")
        LOST = "lost", _("Lost")

    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="outages", verbose_name=_("pool"))
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    units = models.PositiveIntegerField(_("units"), validators=[MinValueValidator(1)])
    start_slot = models.BigIntegerField(_("first slot"))
    end_slot = models.BigIntegerField(_("end slot (exclusive)"))
    back_from = models.BigIntegerField(_("given back from slot"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(units__gte=1, end_slot__gt=models.F("start_slot")), name="outage_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(back_from=None)
                | models.Q(back_from__gte=models.F("start_slot"), back_from__lt=models.F("end_slot")),
                name="outage_given_back_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool}: {self.units} ({self.get_cause_display()})"

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to give back."""
        return self.back_from is not None or self.end_slot <= self.pool.slot_now() + 1

    @property
    def start(self) -> datetime:
        return clock.slot_start(self.start_slot, self.pool.slot_seconds)

    @property
    def end(self) -> datetime | None:
        """When its units are there again; None where nobody knows."""
        end = self.end_slot if self.back_from is None else self.back_from
        return None if end == OPEN_END else clock.slot_start(end, self.pool.slot_seconds)
