"""A dataset: who owns it, what it is called, and who may see it."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Dataset(models.Model):
    """Called `org/name`. `last_number` is that of the last version published; numbers are never used again.

    A deleted one keeps its row, for the jobs that used it; its name is free. `index_due_at`: since then the paths of
    its last version are to be indexed (`datasets.services.indexing`).
    """

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("Private")
        SHARED = "shared", _("Shared")
        PUBLIC = "public", _("Public")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="datasets")
    name = models.CharField(
        _("name"),
        max_length=60,
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\Z",
                _("Use small letters, digits, and dots, hyphens or underscores between them."),
            )
        ],
    )
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    licence = models.CharField(_("licence"), max_length=60, blank=True)
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    last_number = models.PositiveIntegerField(_("last version"), default=0)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=clock.now)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    index_due_at = models.DateTimeField(_("paths to be indexed since"), null=True, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], condition=models.Q(deleted_at=None), name="dataset_name_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(visibility__in=["private", "shared", "public"]), name="dataset_visibility_known"
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at"], name="dataset_public", condition=models.Q(visibility="public")),
            models.Index(
                fields=["index_due_at"], name="dataset_index_due", condition=models.Q(index_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}/{self.name}"


class Grant(models.Model):
    """An organization that a dataset is shared with, by its short name.

    `slug` is what the owner said. Where there is no such organization, `granted_to` is empty, and nothing tells the
    two apart to the one who shares: other tenants' names are not to be found out by trying.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="grants")
    slug = models.CharField(_("organization"), max_length=40)
    granted_to = models.ForeignKey(
        "accounts.Organization", models.CASCADE, null=True, blank=True, related_name="granted_datasets"
    )
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("since"), default=clock.now, editable=False)

    objects = ScopedManager(organization="dataset__organization")

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["dataset", "slug"], name="grant_unique")]

    def __str__(self) -> str:
        return f"{self.dataset} → {self.slug}"
