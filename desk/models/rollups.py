"""What the desk's pages show of the past: rows for a day or an hour, added up in the background, so that no page reads
every job."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


def _sum(name: Any, **options: Any) -> models.DecimalField:
    """Whole; sums of many amounts may be more than 64 bits hold."""
    return models.DecimalField(name, max_digits=30, decimal_places=0, **options)


def _pool() -> models.ForeignKey:
    return models.ForeignKey("pricing.Pool", models.CASCADE, related_name="+", db_index=False, verbose_name=_("pool"))


class PoolDay(models.Model):
    """A pool's day (UTC). `asked` to `value_accepted` are of the jobs that were submitted in it; `settled` to `credit`
    of those that were to start in it and are settled. Amounts are micro-credits."""

    pool = _pool()
    day = models.DateField(_("day"))
    asked = models.PositiveBigIntegerField(_("requests"), default=0)
    accepted = models.PositiveBigIntegerField(_("accepted"), default=0)
    value = _sum(_("value asked for"), default=0)
    value_accepted = _sum(_("value accepted"), default=0)
    settled = models.PositiveBigIntegerField(_("settled jobs"), default=0)
    paid = _sum(_("paid"), default=0)
    credit = _sum(_("credits given"), default=0)

    class Meta:
        verbose_name = _("day of a pool")
        verbose_name_plural = _("days of pools")
        indexes = [models.Index(fields=["day"], name="pool_day_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["pool", "day"], name="pool_day_once"),
            models.CheckConstraint(condition=models.Q(accepted__lte=models.F("asked")), name="pool_day_accepted"),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.day}"


class RefusalDay(models.Model):
    """How many requests a pool refused for one reason in a day (UTC)."""

    pool = _pool()
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=40)
    jobs = models.PositiveBigIntegerField(_("requests"))

    class Meta:
        verbose_name = _("refusals of a day")
        verbose_name_plural = _("refusals of days")
        indexes = [models.Index(fields=["day"], name="refusal_day_by_day")]
        constraints = [models.UniqueConstraint(fields=["pool", "day", "reason"], name="refusal_day_once")]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.day} {self.reason}"


class PoolHour(models.Model):
    """What jobs used of a pool's machines in an hour: the mean of the machines' shares (0 to 1), or the share of
    all that it sells where nobody said which machines; `gpu` is None without GPUs. `runs`: attempts
    that were measured."""

    pool = _pool()
    hour = models.DateTimeField(_("hour"))
    cpu = models.FloatField(_("CPU"))
    memory = models.FloatField(_("memory"))
    gpu = models.FloatField(_("GPU"), null=True, blank=True)
    runs = models.PositiveIntegerField(_("attempts"))

    class Meta:
        verbose_name = _("hour of a pool")
        verbose_name_plural = _("hours of pools")
        indexes = [models.Index(fields=["hour"], name="pool_hour_by_hour")]
        constraints = [
            models.UniqueConstraint(fields=["pool", "hour"], name="pool_hour_once"),
            models.CheckConstraint(
                condition=models.Q(cpu__gte=0, memory__gte=0) & (models.Q(gpu=None) | models.Q(gpu__gte=0)),
                name="pool_hour_shares",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.hour}"
