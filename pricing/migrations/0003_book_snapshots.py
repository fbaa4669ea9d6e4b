"""Snapshots of the book. They can be made anew from the entries, so they may be removed, but not be changed."""

import django.db.models.deletion
from django.db import migrations, models

import era_platform.common.clock

UNCHANGED = """
CREATE TRIGGER pricing_booksnapshot_unchanged BEFORE UPDATE ON pricing_booksnapshot
    FOR EACH ROW EXECUTE FUNCTION era_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="BookSnapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(help_text="Of the last entry that is in it.", verbose_name="number")),
                (
                    "first_slot",
                    models.BigIntegerField(
                        help_text="What ended before this slot is left out.", verbose_name="first slot"
                    ),
                ),
                ("steps", models.BinaryField(verbose_name="steps")),
                ("at", models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="at")),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="book_snapshots", to="pricing.pool"
                    ),
                ),
            ],
            options={
                "verbose_name": "book snapshot",
                "verbose_name_plural": "book snapshots",
                "constraints": [models.UniqueConstraint(fields=("pool", "number"), name="book_snapshot_unique")],
            },
        ),
        migrations.RunSQL(UNCHANGED, "DROP TRIGGER pricing_booksnapshot_unchanged ON pricing_booksnapshot;"),
    ]
