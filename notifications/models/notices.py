"""The outbox: one row for each thing that happened, written in the transaction in which it happened."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Kind(models.TextChoices):
    RESERVED = "reserved", _("Job reserved")
    STARTS_SOON = "starts_soon", _("Job starts in 10 minutes")
    STARTED = "started", _("Job started")
    FINISHED = "finished", _("Job finished")
    FAILED = "failed", _("Job failed")
    REFUNDED = "refunded", _("Money refunded or credited")
    BUDGET = "budget", _("Budget used up to 50, 80 or 100 %")
    MAINTENANCE = "maintenance", _("Maintenance")


class Notice(models.Model):
    """Append-only but for `fanned_out_at`, which is set once its deliveries are made."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="notices")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    key = models.CharField(
        _("key"), max_length=120, unique=True, help_text=_("What it is about; a second one of the same is dropped.")
    )
    person = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text=_("Whom it is about: such as who submitted the job. Without one, the owners are told."),
    )
    job = models.UUIDField(_("job"), null=True, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    at = models.DateTimeField(_("at"), default=clock.now, editable=False)
    fanned_out_at = models.DateTimeField(_("passed on"), null=True, blank=True, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="notice_kind_known")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(fanned_out_at=None), name="notice_to_pass_on"),
            models.Index(fields=["organization", "-id"], name="notice_by_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
