"""What agents on the nodes report: that they live, which job has what it needs where, and what GPUs do."""

import django.db.models.deletion
from django.db import migrations, models

import era_platform.common.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_credits"),
        ("jobs", "0011_nodes_and_moves"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("node", models.CharField(max_length=255, unique=True, verbose_name="node")),
                ("started_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="started")),
                ("seen_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="last seen")),
                (
                    "storage_free_bytes",
                    models.BigIntegerField(blank=True, null=True, verbose_name="free on the storage (bytes)"),
                ),
                (
                    "images_free_bytes",
                    models.BigIntegerField(blank=True, null=True, verbose_name="free for images (bytes)"),
                ),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
            ],
            options={
                "verbose_name": "node agent",
                "verbose_name_plural": "node agents",
                "ordering": ["node"],
            },
        ),
        migrations.AddField(
            model_name="sample",
            name="gpu_memory_bytes",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="memory of its GPUs (bytes)"),
        ),
        migrations.AddField(
            model_name="sample",
            name="gpu_percent",
            field=models.FloatField(blank=True, null=True, verbose_name="use of its GPUs (percent)"),
        ),
        migrations.CreateModel(
            name="Staging",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("node", models.CharField(max_length=255, verbose_name="node")),
                ("ready_at", models.DateTimeField(blank=True, null=True, verbose_name="ready")),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="problem")),
                ("tried_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="last tried")),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stagings", to="jobs.job"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "staging",
                "verbose_name_plural": "stagings",
                "constraints": [models.UniqueConstraint(fields=("job", "node"), name="staging_once_per_node")],
            },
        ),
    ]
