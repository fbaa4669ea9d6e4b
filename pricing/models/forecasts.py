"""A forecast: what demand is expected in each slot of a season. Immutable and versioned."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


class Forecast(models.Model):
    """`curves[k]` is a list of [price, units demanded at or above it], prices falling, units not falling.

    Slot t uses curve `curve_of[(t // curve_slots) % len(curve_of)]`.
    """

    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="forecasts")
    version = models.PositiveIntegerField(_("version"))
    method = models.CharField(_("method"), max_length=40)
    curves = models.JSONField(_("curves"))
    curve_of = models.JSONField(_("curve of each part of the season"))
    curve_slots = models.PositiveIntegerField(_("slots per part of the season"), default=1)
    floor_price = models.BigIntegerField(_("floor price"))
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        constraints = [models.UniqueConstraint(fields=["pool", "version"], name="forecast_version_unique")]

    def __str__(self) -> str:
        return f"{self.pool} v{self.version} ({self.method})"
