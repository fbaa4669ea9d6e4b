"""A file that is on its way into a draft: some of its bytes are there, and a client may go on from where they end."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Upload(models.Model):
    """How far it has come is the length of its part file (`datasets.store`), and nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    version = models.ForeignKey("datasets.Version", models.CASCADE, related_name="uploads")
    path = models.CharField(_("path"), max_length=1024, db_collation="C")
    size = models.BigIntegerField(_("size"))
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("begun"), default=clock.now, editable=False)
    touched_at = models.DateTimeField(_("last bytes"), default=clock.now)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(fields=["version", "path"], name="upload_path_unique"),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="upload_size_positive"),
        ]
        indexes = [models.Index(fields=["organization"], name="upload_by_organization")]

    def __str__(self) -> str:
        return self.path
