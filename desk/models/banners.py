"""Banners: what operators tell everybody who uses the portal, for a while."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock


class Banner(models.Model):
    """Shown from `starts_at` until `ends_at`, which a withdrawal brings forward; never changed otherwise."""

    class Level(models.TextChoices):
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        DANGER = "danger", _("Trouble")

    text = models.CharField(_("text"), max_length=400)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="banner_not_backward",
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=["info", "warning", "danger"]), name="banner_level_known"
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], name="banner_by_end")]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= clock.now()
