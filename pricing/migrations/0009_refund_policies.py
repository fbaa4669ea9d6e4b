"""Each pool has versions of a refund policy; what was sold without one goes on as it did.

The column of the credit for a lost slot stays for as long as a release before this one may run beside it.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock
from era_platform.common.append_only import append_only

# What held until now, and the punctuality promise on top of it.
GO_ON = """
INSERT INTO pricing_refundpolicy (pool_id, version, notice, unused_percent, loss_credit_percent, late_grace_seconds,
    late_percent, late_most_percent, created_at)
SELECT id, 1, '[{"seconds": 0, "percent": 100}]', 0, loss_credit_percent, 60, 1, 50, now() FROM pricing_pool;
UPDATE pricing_pool SET refund_policy_id = r.id FROM pricing_refundpolicy r WHERE r.pool_id = pricing_pool.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0008_loss_credit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RefundPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                (
                    "notice",
                    models.JSONField(
                        help_text="Steps, the longest notice first: seconds before the start, percent of the price that comes back.",
                        verbose_name="cancelled before the start",
                    ),
                ),
                (
                    "unused_percent",
                    models.PositiveSmallIntegerField(
                        default=50,
                        help_text="Of the price of the slots that begin after the end; they go back on sale.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="ended early (percent)",
                    ),
                ),
                (
                    "loss_credit_percent",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="Of the price, as a credit beside all of it, to whose slot was lost with a machine.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="slot lost (percent)",
                    ),
                ),
                (
                    "late_grace_seconds",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="A start that is no later than this is on time.",
                        verbose_name="late start: grace (seconds)",
                    ),
                ),
                (
                    "late_percent",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Of the price, as a credit for each minute that has begun.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="late start (percent a minute)",
                    ),
                ),
                (
                    "late_most_percent",
                    models.PositiveSmallIntegerField(
                        default=50,
                        help_text="Of the price.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="late start: at most (percent)",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="since"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refund_policies", to="pricing.pool"
                    ),
                ),
            ],
            options={
                "verbose_name": "refund policy",
                "verbose_name_plural": "refund policies",
                "ordering": ["pool", "-version"],
            },
        ),
        migrations.AddField(
            model_name="pool",
            name="refund_policy",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pricing.refundpolicy",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundpolicy",
            constraint=models.UniqueConstraint(fields=("pool", "version"), name="refund_policy_version_unique"),
        ),
        migrations.AddConstraint(
            model_name="refundpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("late_most_percent__lte", 100),
                    ("late_percent__lte", 100),
                    ("loss_credit_percent__lte", 100),
                    ("unused_percent__lte", 100),
                ),
                name="refund_policy_percents",
            ),
        ),
        migrations.RunSQL(GO_ON, "UPDATE pricing_pool SET refund_policy_id = NULL"),
        append_only("pricing_refundpolicy"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="pool", name="loss_credit_percent")]
        ),
    ]
