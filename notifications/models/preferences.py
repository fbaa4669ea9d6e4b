"""What a person wants to be told, and how; and what holds for an organization's people who chose nothing."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from notifications.models.notices import Kind


class Preference(models.Model):
    """One kind's. Without a `user` it is the organization's default."""

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+")
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    mail = models.BooleanField(_("by mail"))
    page = models.BooleanField(_("on the page"))

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "kind"], name="preference_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="preference_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: mail {self.mail}, page {self.page}"
