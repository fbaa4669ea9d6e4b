"""What the agents on the nodes say: that they are alive, and which job has what it needs on which node."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Agent(models.Model):
    """The agent of one node, by the node's name. `problem` is what keeps the node from taking jobs, in words."""

    node = models.CharField(_("node"), max_length=255, unique=True)
    started_at = models.DateTimeField(_("started"), default=clock.now)
    seen_at = models.DateTimeField(_("last seen"), default=clock.now)
    storage_free_bytes = models.BigIntegerField(_("free on the storage (bytes)"), null=True, blank=True)
    images_free_bytes = models.BigIntegerField(_("free for images (bytes)"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("node agent")
        verbose_name_plural = _("node agents")
        ordering = ["node"]

    def __str__(self) -> str:
        return self.node


class Staging(models.Model):
    """Whether a job has what it needs on a node: since `ready_at`, or not, because of `problem`."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    job = models.ForeignKey("jobs.Job", models.PROTECT, related_name="stagings")
    node = models.CharField(_("node"), max_length=255)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    tried_at = models.DateTimeField(_("last tried"), default=clock.now)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("staging")
        verbose_name_plural = _("stagings")
        constraints = [models.UniqueConstraint(fields=["job", "node"], name="staging_once_per_node")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.node}"
