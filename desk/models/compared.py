"""What first come, first served would have made of the same requests, day by day."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


def _sum(name: object) -> models.DecimalField:
    """Whole; sums of many amounts may be more than 64 bits hold."""
    return models.DecimalField(name, max_digits=30, decimal_places=0, default=0)  # type: ignore[arg-type]


class QueueBook(models.Model):
    """How far the requests of a pool have been dealt with by first come, first served, and what that has promised from
    then on. Requests since `since` are in it: those before `upto`, and of `upto` itself those up to the job `last`.

    `promised` is a list of (slot, units), wherever the units that are promised differ from those of the slot before.
    """

    pool = models.OneToOneField("pricing.Pool", models.CASCADE, related_name="+", verbose_name=_("pool"))
    since = models.DateTimeField(_("from"))
    upto = models.DateTimeField(_("up to"))
    last = models.UUIDField(_("last job"), null=True, blank=True)
    promised = models.JSONField(_("promised"), default=list, blank=True)
    made_at = models.DateTimeField(_("made"), default=clock.now)

    class Meta:
        verbose_name = _("book of first come, first served")
        verbose_name_plural = _("books of first come, first served")

    def __str__(self) -> str:
        return f"{self.pool_id} {self.upto}"


class ComparisonDay(models.Model):
    """A pool's day (UTC), as it was sold (`sold_`) and as first come, first served would have had it (`queue_`).

    `requests`, `_accepted` and `_value` (micro-credits) are of what was asked for in it, `_seconds` how many units were
    booked in it for how many seconds. `units` is how many there were for sale when it was last added to.
    """

    pool = models.ForeignKey("pricing.Pool", models.CASCADE, related_name="+", db_index=False, verbose_name=_("pool"))
    day = models.DateField(_("day"))
    units = models.PositiveIntegerField(_("units"))
    requests = models.PositiveBigIntegerField(_("requests"), default=0)
    sold_accepted = models.PositiveBigIntegerField(_("accepted"), default=0)
    sold_value = _sum(_("value served"))
    sold_seconds = _sum(_("unit-seconds sold"))
    queue_accepted = models.PositiveBigIntegerField(_("accepted by first come, first served"), default=0)
    queue_value = _sum(_("value it would serve"))
    queue_seconds = _sum(_("unit-seconds it would sell"))

    class Meta:
        verbose_name = _("compared day of a pool")
        verbose_name_plural = _("compared days of pools")
        constraints = [models.UniqueConstraint(fields=["pool", "day"], name="comparison_day_once")]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.day}"
