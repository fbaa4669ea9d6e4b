"""The book: numbered, append-only changes of what is promised and what is available, per pool."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock

OPEN_END = 2**62  # a slot later than any: what holds until further notice ends here


class BookEntry(models.Model):
    """Adds `units` to what is promised and `capacity` to what is available in [start_slot, end_slot).

    Entries are sums, so the book as it stood at number N is the sum of the entries up to N, in any order.
    """

    class Kind(models.TextChoices):
        CAPACITY = "capacity", _("Capacity")
        RESERVE = "reserve", _("Reservation")
        RELEASE = "release", _("Release")

    class Cause(models.TextChoices):
        """Which part of the capacity an entry changes; the sum of all four is what is for sale."""

        NOMINAL = "nominal", _("Nominal")
        MAINTENANCE = "maintenance", _("Maintenance")
        HEADROOM = "headroom", _("Head-room")
        LOST = "lost", _("Lost")

    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="book_entries")
    number = models.BigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    start_slot = models.BigIntegerField(_("first slot"))
    end_slot = models.BigIntegerField(_("end slot (exclusive)"))
    units = models.BigIntegerField(_("change of promised units"), default=0)
    capacity = models.BigIntegerField(_("change of capacity"), default=0)
    cause = models.CharField(_("part of the capacity"), max_length=12, choices=Cause.choices, blank=True)
    reference = models.UUIDField(_("job"), null=True, blank=True)
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("book entry")
        verbose_name_plural = _("book entries")
        indexes = [
            models.Index(fields=["pool", "end_slot"], name="book_by_end"),
            models.Index(fields=["reference"], name="book_by_reference"),
            models.Index(fields=["pool", "end_slot"], condition=models.Q(kind="capacity"), name="book_capacity_by_end"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="book_number_unique"),
            models.CheckConstraint(condition=models.Q(end_slot__gt=models.F("start_slot")), name="book_not_empty"),
            models.CheckConstraint(
                condition=models.Q(kind="capacity", units=0)
                | models.Q(kind="reserve", units__gt=0, capacity=0)
                | models.Q(kind="release", units__lt=0, capacity=0),
                name="book_kind_matches",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="capacity", cause__in=["nominal", "maintenance", "headroom", "lost"])
                | (~models.Q(kind="capacity") & models.Q(cause="")),
                name="book_cause_of_capacity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool} #{self.number}"
