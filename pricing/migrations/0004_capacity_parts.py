"""Which part of the capacity an entry changes: nominal, maintenance, head-room or lost; and outages."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock

# Until now all of the capacity was nominal. This is the only time that entries are given a word more.
NAME_NOMINAL = """
ALTER TABLE pricing_bookentry DISABLE TRIGGER pricing_bookentry_append_only;
UPDATE pricing_bookentry SET cause = 'nominal' WHERE kind = 'capacity';
ALTER TABLE pricing_bookentry ENABLE TRIGGER pricing_bookentry_append_only;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0003_book_snapshots"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Outage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[("maintenance", "Maintenance"), ("lost", "Lost")], max_length=12, verbose_name="cause"
                    ),
                ),
                (
                    "units",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)], verbose_name="units"
                    ),
                ),
                ("start_slot", models.BigIntegerField(verbose_name="first slot")),
                ("end_slot", models.BigIntegerField(verbose_name="end slot (exclusive)")),
                ("back_from", models.BigIntegerField(blank=True, null=True, verbose_name="given back from slot")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="created"),
                ),
            ],
            options={
                "verbose_name": "outage",
                "verbose_name_plural": "outages",
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="bookentry",
            name="cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("nominal", "Nominal"),
                    ("maintenance", "Maintenance"),
                    ("headroom", "Head-room"),
                    ("lost", "Lost"),
                ],
                max_length=12,
                verbose_name="part of the capacity",
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="headroom_units",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Kept from sale in every slot, for attempts that are run again after a node was lost.",
                verbose_name="head-room (units)",
            ),
        ),
        migrations.AddIndex(
            model_name="bookentry",
            index=models.Index(
                condition=models.Q(("kind", "capacity")), fields=["pool", "end_slot"], name="book_capacity_by_end"
            ),
        ),
        migrations.RunSQL(NAME_NOMINAL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="bookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause__in", ["nominal", "maintenance", "headroom", "lost"]), ("kind", "capacity")),
                    models.Q(models.Q(("kind", "capacity"), _negated=True), ("cause", "")),
                    _connector="OR",
                ),
                name="book_cause_of_capacity",
            ),
        ),
        migrations.AddField(
            model_name="outage",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="outage",
            name="pool",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outages",
                to="pricing.pool",
                verbose_name="pool",
            ),
        ),
        migrations.AddConstraint(
            model_name="outage",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_slot__gt", models.F("start_slot")), ("units__gte", 1)), name="outage_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="outage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("back_from", None),
                    models.Q(("back_from__gte", models.F("start_slot")), ("back_from__lt", models.F("end_slot"))),
                    _connector="OR",
                ),
                name="outage_given_back_within",
            ),
        ),
    ]
