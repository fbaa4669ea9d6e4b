"""What forecasts said of each day beforehand, beside what came."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ForecastDay(models.Model):
    """A pool's day (UTC): unit-hours asked for at `price` (micro-credits a unit and slot) or more; see
    pricing/selectors/outcomes.py. Of a day with no `hours` nothing was said."""

    pool = models.ForeignKey("pricing.Pool", models.CASCADE, related_name="+", db_index=False, verbose_name=_("pool"))
    day = models.DateField(_("day"))
    ahead = models.PositiveIntegerField(_("ahead (seconds)"))
    price = models.BigIntegerField(_("price"))
    said = models.FloatField(_("said"))
    came = models.FloatField(_("came"))
    hours = models.PositiveSmallIntegerField(_("hours"))

    class Meta:
        verbose_name = _("forecast day of a pool")
        verbose_name_plural = _("forecast days of pools")
        constraints = [models.UniqueConstraint(fields=["pool", "day"], name="forecast_day_once")]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.day}"
