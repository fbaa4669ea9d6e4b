"""What a job reads: versions of datasets, settled when it was submitted."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager


class JobDataset(models.Model):
    """A version that a job finds as the folder `path` (`owner/name`) in its ERA_INPUT_DIR. Append-only.

    While the job is reserved or runs, the version is not deleted (`jobs.selectors.inputs.holders`).
    """

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    job = models.ForeignKey("jobs.Job", models.PROTECT, related_name="inputs", db_index=False)
    version = models.ForeignKey("datasets.Version", models.PROTECT, related_name="+")
    path = models.CharField(_("folder"), max_length=101)
    number = models.PositiveIntegerField(_("version"))

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("dataset of a job")
        verbose_name_plural = _("datasets of jobs")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "path"], name="job_dataset_place_unique")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"{self.path}@{self.number}"
