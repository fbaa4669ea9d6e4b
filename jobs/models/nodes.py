"""The machines that a cluster says it has, as they were seen last: what each gives its pool, and since when."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


class Node(models.Model):
    """`since` is when it became available, or stopped being so. `outage` is what its loss takes out of the book."""

    name = models.CharField(_("name"), max_length=255, unique=True)
    pool = models.ForeignKey(
        "pricing.Pool", models.SET_NULL, null=True, blank=True, related_name="nodes", verbose_name=_("pool")
    )
    units = models.PositiveIntegerField(_("units it gives"), default=0)
    cpus = models.FloatField(_("CPUs"))
    memory_mib = models.PositiveBigIntegerField(_("memory (MiB)"))
    gpus = models.PositiveIntegerField(_("GPUs"), default=0)
    available = models.BooleanField(_("available"))
    why = models.CharField(_("why not"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"), default=clock.now)
    seen_at = models.DateTimeField(_("last seen"), default=clock.now)
    outage = models.ForeignKey(
        "pricing.Outage", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("outage")
    )

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ["pool__slug", "name"]

    def __str__(self) -> str:
        return self.name

    def is_gone(self, now: datetime, grace: timedelta) -> bool:
        """Whether it has been away for so long that it counts as lost."""
        return not self.available and now >= self.since + grace
