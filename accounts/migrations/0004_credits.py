"""A credit for a promise that was not kept: money that moves from outside to a wallet, beside what is refunded."""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("accounts.migrations.0003_post_transfers_by_statement").BY_STATEMENT.split("CREATE TRIGGER")[0]
BEFORE = BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
REFUND = "('refund', 'revenue', 'wallet')"
AFTER = BEFORE.replace(REFUND, f"{REFUND}, ('credit', 'funding', 'wallet')")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_post_transfers_by_statement")]

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
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            "transfer",
            models.CheckConstraint(
                condition=models.Q(kind__in=["hold", "capture", "release"], hold__isnull=False)
                | models.Q(kind__in=["top_up", "refund", "credit"], hold__isnull=True),
                name="transfer_hold_matches_kind",
            ),
        ),
        migrations.RunSQL(AFTER, BEFORE),
    ]
