"""Who did what: one row for each change that a person made on purpose. Append-only."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class AuditEvent(models.Model):
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    action = models.CharField(_("action"), max_length=60)
    target = models.CharField(_("target"), max_length=120, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    at = models.DateTimeField(_("at"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [models.Index(fields=["organization", "-id"], name="audit_by_organization")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
