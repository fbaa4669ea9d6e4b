"""Money that is paid back to outside, and what somebody who works for the platform may do at the desk."""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("accounts.migrations.0004_credits").AFTER
CREDIT = "('credit', 'funding', 'wallet')"
AFTER = BEFORE.replace(CREDIT, f"{CREDIT}, ('withdrawal', 'wallet', 'funding')")
ROLES = [("support", "Support"), ("operator", "Operator"), ("auditor", "Auditor")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_credits")]

    operations = [
        migrations.RemoveConstraint("transfer", "transfer_hold_matches_kind"),
        migrations.AlterField(
            "transfer",
            "kind",
            models.CharField(
                choices=[
                    ("top_up", "Top-up"),
                    ("hold", "Held"),
                    ("capture", "Captured"),
                    ("release", "Released"),
                    ("refund", "Refund"),
                    ("credit", "Credit"),
                    ("withdrawal", "Paid back"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            "transfer",
            models.CheckConstraint(
                condition=models.Q(kind__in=["hold", "capture", "release"], hold__isnull=False)
                | models.Q(kind__in=["top_up", "refund", "credit", "withdrawal"], hold__isnull=True),
                name="transfer_hold_matches_kind",
            ),
        ),
        migrations.RunSQL(AFTER, BEFORE),
        migrations.AlterField("user", "is_staff", models.BooleanField(default=False, verbose_name="works here")),
        migrations.AddField(
            "user",
            "staff_role",
            models.CharField(blank=True, choices=ROLES, default="", max_length=10, verbose_name="role at the desk"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=models.Q(staff_role__in=["", "support", "operator", "auditor"]), name="user_staff_role_known"
            ),
        ),
    ]
