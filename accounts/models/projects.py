"""What an organization spends its money on, and how much of it may be spent in a month, by whom and on what."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class Project(models.Model):
    """`monthly_limit` in micro-credits; none where it is empty. One that is archived takes no more jobs."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="projects")
    slug = models.SlugField(
        _("short name"),
        max_length=40,
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
                _("Use small letters, digits and single hyphens between them."),
            )
        ],
    )
    name = models.CharField(_("name"), max_length=120)
    monthly_limit = models.BigIntegerField(
        _("monthly limit (micro-credits)"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="project_slug_unique"),
            models.CheckConstraint(
                condition=models.Q(monthly_limit=None) | models.Q(monthly_limit__gte=0),
                name="project_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class MonthlySpend(models.Model):
    """What jobs that start in a month cost, held or paid, less what came back: of a project, or of a member.

    PostgreSQL itself refuses what would take `amount` beyond the limit, and keeps in `warned` the highest of 50, 80
    and 100 percent of it that was ever reached; `told` is how far people have been told. See migrations.
    """

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    month = models.PositiveIntegerField(_("month"), help_text=_("202611 is November 2026, in UTC."))
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="spending")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    amount = models.BigIntegerField(_("amount (micro-credits)"), default=0)
    warned = models.PositiveSmallIntegerField(_("warned (percent)"), default=0, db_default=0, editable=False)
    told = models.PositiveSmallIntegerField(_("told (percent)"), default=0, db_default=0, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("spending of a month")
        verbose_name_plural = _("spending by month")
        indexes = [models.Index(fields=["id"], condition=models.Q(warned__gt=models.F("told")), name="spend_to_tell")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "month", "project", "user"], nulls_distinct=False, name="monthly_spend_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(project=None, user__isnull=False) | models.Q(project__isnull=False, user=None),
                name="monthly_spend_of_one_thing",
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="monthly_spend_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.project or self.user} {self.month}"
