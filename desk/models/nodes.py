"""How each machine of a pool was used: hours for some weeks, days for good."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class _NodeUse(models.Model):
    """As shares of all that the node has (0 to 1) by jobs of the pool; `gpu` is None where it has no GPUs. The node is
    told by its name, since it may be gone."""

    pool = models.ForeignKey("pricing.Pool", models.CASCADE, related_name="+", db_index=False, verbose_name=_("pool"))
    node = models.CharField(_("node"), max_length=255)
    cpu = models.FloatField(_("CPU"))
    memory = models.FloatField(_("memory"))
    gpu = models.FloatField(_("GPU"), null=True, blank=True)

    class Meta:
        abstract = True


class NodeHour(_NodeUse):
    hour = models.DateTimeField(_("hour"))

    class Meta:
        verbose_name = _("hour of a node")
        verbose_name_plural = _("hours of nodes")
        indexes = [models.Index(fields=["hour"], name="node_hour_by_hour")]
        constraints = [models.UniqueConstraint(fields=["pool", "hour", "node"], name="node_hour_once")]

    def __str__(self) -> str:
        return f"{self.node} {self.hour}"


class NodeDay(_NodeUse):
    """Means over the `hours` in which the node was there."""

    day = models.DateField(_("day"))
    hours = models.PositiveSmallIntegerField(_("hours"))

    class Meta:
        verbose_name = _("day of a node")
        verbose_name_plural = _("days of nodes")
        constraints = [models.UniqueConstraint(fields=["pool", "day", "node"], name="node_day_once")]

    def __str__(self) -> str:
        return f"{self.node} {self.day}"
