"""Where an organization's own programs are told what happened."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock
from notifications.models.notices import Kind


class Webhook(models.Model):
    """`kinds` empty: all. `secret` signs, so it is kept as it is; the one before, too, until
    `previous_until`."""

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="webhooks")
    url = models.CharField(_("address"), max_length=500)
    kinds = models.JSONField(_("kinds"), default=list, blank=True)
    secret = models.CharField(max_length=64, editable=False)
    previous_secret = models.CharField(max_length=64, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "url"], condition=models.Q(removed_at=None), name="webhook_once"
            ),
        ]

    def __str__(self) -> str:
        return self.url

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    @property
    def kind_labels(self) -> list[str]:
        return [str(Kind(kind).label) for kind in self.kinds]
