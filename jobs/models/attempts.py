"""Attempts of jobs (each with an instance of its own), the nodes they ran on, and what they were seen to use."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Attempt(models.Model):
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    job = models.ForeignKey("jobs.Job", models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField(_("number"))
    engine = models.CharField(_("engine"), max_length=20)
    instance = models.CharField(_("instance"), max_length=80)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    exit_code = models.IntegerField(_("exit code"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    log_size = models.BigIntegerField(_("log (bytes)"), default=0)
    deleted_at = models.DateTimeField(_("instance removed"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["number"]
        indexes = [
            models.Index(fields=["ended_at"], name="attempt_to_remove", condition=models.Q(deleted_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="attempt_number_unique"),
            models.UniqueConstraint(fields=["job"], condition=models.Q(ended_at=None), name="attempt_live_once"),
        ]

    def __str__(self) -> str:
        return self.instance


class Placement(models.Model):
    """That an attempt ran, or part of it, on a node: kept when the node is long gone."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+", db_index=False)
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="placements", db_index=False)
    node = models.CharField(_("node"), max_length=255)
    seen_at = models.DateTimeField(_("first seen"), default=clock.now)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["id"]
        indexes = [models.Index(fields=["node", "id"], name="placement_by_node")]
        constraints = [models.UniqueConstraint(fields=["attempt", "node"], name="placement_once_per_node")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.node}"


class Container(models.Model):
    """That an attempt ran, or part of it, in a container: kept when Docker has long removed it. `identifier` is
    Docker's, 64 hexadecimal digits; people know its first twelve."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+", db_index=False)
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="containers")
    identifier = models.CharField(_("id"), max_length=64)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("container")
        verbose_name_plural = _("containers")
        constraints = [
            # Found by its beginning, whatever the database's collation.
            models.UniqueConstraint(fields=["identifier"], opclasses=["varchar_pattern_ops"], name="container_once")
        ]

    def __str__(self) -> str:
        return self.identifier[:12]


class Sample(models.Model):
    """What an instance used: CPU seconds since its start, memory now, and of its GPUs the mean use and all memory.

    One that has several nodes has samples of each: `node` says whose, empty where that is not known."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    job = models.ForeignKey("jobs.Job", models.PROTECT, related_name="samples")
    attempt = models.PositiveIntegerField(_("attempt"))
    node = models.CharField(_("node"), max_length=255, blank=True, default="", db_default="")
    at = models.DateTimeField(_("at"))
    cpu_seconds = models.FloatField(_("CPU seconds"))
    memory_bytes = models.BigIntegerField(_("memory (bytes)"))
    gpu_percent = models.FloatField(_("use of its GPUs (percent)"), null=True, blank=True)
    gpu_memory_bytes = models.BigIntegerField(_("memory of its GPUs (bytes)"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("sample")
        verbose_name_plural = _("samples")
        indexes = [models.Index(fields=["job", "at"], name="sample_by_job")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.at}"
