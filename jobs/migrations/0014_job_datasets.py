"""Which versions of datasets a job reads; neither that nor what it says of them is ever changed."""

import django.db.models.deletion
from django.db import migrations, models

from era_platform.common.append_only import append_only, fixed_columns


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_credits"),
        ("datasets", "0001_initial"),
        ("jobs", "0013_nodes_network_digest"),
    ]

    operations = [
        migrations.CreateModel(
            name="JobDataset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=101, verbose_name="folder")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inputs",
                        to="jobs.job",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="datasets.version"
                    ),
                ),
            ],
            options={
                "verbose_name": "dataset of a job",
                "verbose_name_plural": "datasets of jobs",
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="jobdataset",
            constraint=models.UniqueConstraint(fields=("job", "path"), name="job_dataset_place_unique"),
        ),
        append_only("jobs_jobdataset"),
        fixed_columns("jobs_job", ("datasets",), name="jobs_job_datasets"),
    ]
