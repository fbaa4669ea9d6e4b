"""An uploaded archive of code; the bytes lie in storage under the SHA-256 of the archive."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class CodeArchive(models.Model):
    class Format(models.TextChoices):
        ZIP = "zip", "zip"
        TAR_GZ = "tar.gz", "tar.gz"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    digest = models.CharField("SHA-256", max_length=64)
    format = models.CharField(_("format"), max_length=10, choices=Format.choices)
    name = models.CharField(_("file name"), max_length=255)
    size = models.BigIntegerField(_("size"))
    created_at = models.DateTimeField(_("uploaded"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("code archive")
        verbose_name_plural = _("code archives")
        constraints = [models.UniqueConstraint(fields=["organization", "digest"], name="code_archive_unique")]

    def __str__(self) -> str:
        return self.name
