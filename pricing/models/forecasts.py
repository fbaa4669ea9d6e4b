"""A forecast: what demand is expected in each slot of a season. Immutable and versioned."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


class Forecast(models.Model):
    """`curves[k]` is a list of [price, units demanded at or above it], prices falling, units not falling.

    By season: slot t uses curve `curve_of[(t // curve_slots) % len(curve_of)]`. By lag, where `lags` is given:
    the last curve k whose `lags[k]` is at most t - `made_in`, since what can still arrive for a slot depends on
    how far ahead it lies.
    """

    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="forecasts")
    version = models.PositiveIntegerField(_("version"))
    method = models.CharField(_("method"), max_length=40)
    curves = models.JSONField(_("curves"))
    curve_of = models.JSONField(_("curve of each part of the season"))
    curve_slots = models.PositiveIntegerField(_("slots per part of the season"), default=1)
    made_in = models.BigIntegerField(_("slot it was made in"), null=True, blank=True)
    lags = models.JSONField(_("first lag of each curve (slots)"), null=True, blank=True)
    requests = models.PositiveIntegerField(_("requests learnt from"), default=0)
    findings = models.JSONField(_("findings"), default=dict, blank=True)
    floor_price = models.BigIntegerField(_("floor price"))
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        constraints = [
            models.UniqueConstraint(fields=["pool", "version"], name="forecast_version_unique"),
            models.CheckConstraint(
                condition=models.Q(made_in__isnull=True, lags__isnull=True)
                | models.Q(made_in__isnull=False, lags__isnull=False),
                name="forecast_lags_have_a_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool} v{self.version} ({self.method})"
