"""Snapshots of the book: what its entries up to a number come to, so that they need not be added up again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


class BookSnapshot(models.Model):
    """Derived from the entries and never changed. `steps` are the bytes of a `pricing.book.Steps`."""

    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="book_snapshots")
    number = models.BigIntegerField(_("number"), help_text=_("Of the last entry that is in it."))
    first_slot = models.BigIntegerField(_("first slot"), help_text=_("What ended before this slot is left out."))
    steps = models.BinaryField(_("steps"))
    at = models.DateTimeField(_("at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("book snapshot")
        verbose_name_plural = _("book snapshots")
        constraints = [models.UniqueConstraint(fields=["pool", "number"], name="book_snapshot_unique")]

    def __str__(self) -> str:
        return f"{self.pool} #{self.number}"
