"""What paths are searched by: for each thousand of a dataset's paths, the threes of letters that occur in them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager


class PathRange(models.Model):
    """Of a dataset's last version. Whether a path is really there is looked up among its entries.

    An index of each path by itself would be some forty times the size of the paths.
    """

    dataset = models.ForeignKey("datasets.Dataset", models.CASCADE, related_name="+")
    version = models.ForeignKey("datasets.Version", models.CASCADE, related_name="+")
    first_path = models.CharField(max_length=1024, db_collation="C")
    last_path = models.CharField(max_length=1024, db_collation="C")
    trigrams = ArrayField(models.TextField())

    objects = ScopedManager(organization="dataset__organization")

    class Meta:
        verbose_name = _("range of paths")
        verbose_name_plural = _("ranges of paths")
        indexes = [GinIndex(fields=["trigrams"], name="path_range_trigrams")]

    def __str__(self) -> str:
        return f"{self.first_path} … {self.last_path}"
