"""How far the ledger has been added up; open holds, credits and
what was moved by hand, found without reading all the others."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import era_platform.common.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_fewer_indexes_of_transfers"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerCheckpoint",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="checkpoint",
                        serialize=False,
                        to="accounts.ledgeraccount",
                    ),
                ),
                ("last_transfer", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
                ("made_at", models.DateTimeField(default=era_platform.common.clock.now)),
            ],
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(
                    (
                        "amount__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("captured"), "+", models.F("released")
                        ),
                    )
                ),
                fields=["organization"],
                name="hold_open",
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(condition=models.Q(("kind", "credit")), fields=["created_at"], name="transfer_credits"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("kind__in", ["top_up", "refund", "credit", "withdrawal"])),
                fields=["kind", "-id"],
                name="transfer_by_hand",
            ),
        ),
    ]
