"""A version of a dataset: a list of files, open to changes while it is a draft and never again once published."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Version(models.Model):
    """`number` is empty for a draft, of which `files` is counted as they come and go; `size` (bytes) and `digest` are
    set when it is published. From then on the database refuses every change to it and to its entries. A published one
    that was deleted keeps its row; its entries go when it is swept.

    `digest` is the SHA-256 of the manifest: for each file in order of its path's bytes, the line
    `<sha256 in hex> <size> <path>` with a line feed at its end (paths hold none).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    dataset = models.ForeignKey("datasets.Dataset", models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    note = models.CharField(_("what changed"), max_length=500, blank=True)
    files = models.PositiveIntegerField(_("files"), default=0)
    size = models.BigIntegerField(_("size"), default=0)
    digest = models.CharField("SHA-256", max_length=64, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=clock.now)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="version_number_unique"),
            models.CheckConstraint(
                condition=models.Q(number=None, published_at=None)
                | models.Q(number__gte=1, published_at__isnull=False),
                name="version_published_has_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset}@{self.number or self.id}"

    @property
    def is_draft(self) -> bool:
        return self.number is None


class Entry(models.Model):
    """A file of a version. `path` is relative and clean (`era_platform.common.archives.clean_path`)."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="entries", db_index=False)
    path = models.CharField(_("path"), max_length=1024, db_collation="C")
    blob = models.ForeignKey("datasets.Blob", models.PROTECT, related_name="entries")

    objects = ScopedManager(organization="version__organization")

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="entry_path_unique")]

    def __str__(self) -> str:
        return self.path
