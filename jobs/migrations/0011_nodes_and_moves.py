"""The nodes of a cluster, and reservations that had to move or end because capacity was lost."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_credits"),
        ("jobs", "0008_receipts"),
        ("pricing", "0008_loss_credit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255, unique=True, verbose_name="name")),
                ("units", models.PositiveIntegerField(default=0, verbose_name="units it gives")),
                ("cpus", models.FloatField(verbose_name="CPUs")),
                ("memory_mib", models.PositiveBigIntegerField(verbose_name="memory (MiB)")),
                ("gpus", models.PositiveIntegerField(default=0, verbose_name="GPUs")),
                ("available", models.BooleanField(verbose_name="available")),
                ("why", models.CharField(blank=True, max_length=200, verbose_name="why not")),
                ("since", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="since")),
                ("seen_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="last seen")),
            ],
            options={
                "verbose_name": "node",
                "verbose_name_plural": "nodes",
                "ordering": ["pool__slug", "name"],
            },
        ),
        migrations.AddField(
            model_name="job",
            name="credit",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="What is given beside the refund where its slot was lost.",
                verbose_name="credit (micro-credits)",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="moved_to",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="moved to slot"),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credit__gte", 0), models.Q(("moved_to", None), ("start_slot__isnull", False), _connector="OR")
                ),
                name="job_moved_and_credited_only_if_reserved",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("moved_to", None),
                    models.Q(
                        ("end_at__lte", models.F("deadline")),
                        models.Q(("earliest", None), ("start_at__gte", models.F("earliest")), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="job_moved_within_its_window",
            ),
        ),
        migrations.AddField(
            model_name="node",
            name="outage",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="pricing.outage",
                verbose_name="outage",
            ),
        ),
        migrations.AddField(
            model_name="node",
            name="pool",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="nodes",
                to="pricing.pool",
                verbose_name="pool",
            ),
        ),
    ]
