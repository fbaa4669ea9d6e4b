"""Bytes that files of datasets consist of, kept once for each organization under their SHA-256."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Blob(models.Model):
    """Where there is a row, the bytes are there, whole (`datasets.store`)."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    digest = models.CharField("SHA-256", max_length=64, db_collation="C")
    size = models.BigIntegerField(_("size"))
    created_at = models.DateTimeField(_("stored"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        constraints = [
            models.UniqueConstraint(fields=["organization", "digest"], name="blob_unique"),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="blob_size_positive"),
        ]

    def __str__(self) -> str:
        return self.digest


class Usage(models.Model):
    """What an organization has stored, and how much it may. `stored` is the sum of its blobs' sizes (bytes).

    `loosened_at`: since then there may be files that no version has any more (`datasets.services.sweep`).
    """

    organization = models.OneToOneField("accounts.Organization", models.CASCADE, primary_key=True, related_name="+")
    stored = models.BigIntegerField(_("stored"), default=0)
    quota = models.BigIntegerField(
        _("quota (bytes)"), null=True, blank=True, help_text=_("Empty: ERA_DATASET_QUOTA_BYTES.")
    )
    loosened_at = models.DateTimeField(_("to be swept since"), null=True, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("storage of an organization")
        verbose_name_plural = _("storage of organizations")
        constraints = [
            models.CheckConstraint(condition=models.Q(stored__gte=0), name="usage_stored_positive"),
            models.CheckConstraint(
                condition=models.Q(quota=None) | models.Q(quota__gte=0), name="usage_quota_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["loosened_at"], name="usage_to_sweep", condition=models.Q(loosened_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.stored}"
