"""What comes back when a job does not run as it was sold: a pool's policies, each a version that is never changed."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from era_platform.common import clock
from pricing.refunds import Notice, Policy


def _percent(name: Any, default: int, help_text: Any) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        name, default=default, validators=[MaxValueValidator(100)], help_text=help_text
    )


class RefundPolicy(models.Model):
    """Append-only. The newest version holds for what is sold from then on; a job keeps the one it was sold under."""

    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="refund_policies")
    version = models.PositiveIntegerField(_("version"))
    notice = models.JSONField(
        _("cancelled before the start"),
        help_text=_("Steps, the longest notice first: seconds before the start, percent of the price that comes back."),
    )
    unused_percent = _percent(
        _("ended early (percent)"), 50, _("Of the price of the slots that begin after the end; they go back on sale.")
    )
    loss_credit_percent = _percent(
        _("slot lost (percent)"),
        10,
        _("Of the price, as a credit beside all of it, to whose slot was lost with a machine."),
    )
    late_grace_seconds = models.PositiveIntegerField(
        _("late start: grace (seconds)"), default=60, help_text=_("A start that is no later than this is on time.")
    )
    late_percent = _percent(
        _("late start (percent a minute)"), 1, _("Of the price, as a credit for each minute that has begun.")
    )
    late_most_percent = _percent(_("late start: at most (percent)"), 50, _("Of the price."))
    created_at = models.DateTimeField(_("since"), default=clock.now, editable=False)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("refund policy")
        verbose_name_plural = _("refund policies")
        ordering = ["pool", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "version"], name="refund_policy_version_unique"),
            models.CheckConstraint(
                condition=models.Q(
                    unused_percent__lte=100,
                    loss_credit_percent__lte=100,
                    late_percent__lte=100,
                    late_most_percent__lte=100,
                ),
                name="refund_policy_percents",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool} {self.version}"

    @property
    def policy(self) -> Policy:
        return Policy(
            notice=tuple(Notice(**step) for step in self.notice),
            **{name: getattr(self, name) for name in Policy._fields if name != "notice"},
        )
