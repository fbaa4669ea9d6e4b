"""Jobs on several nodes, jobs with a network, and room for the digest of an image."""

from django.db import migrations, models

from era_platform.common.append_only import fixed_columns


class Migration(migrations.Migration):
    dependencies = [("jobs", "0012_agents")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="network",
            field=models.BooleanField(db_default=False, default=False, verbose_name="network"),
        ),
        migrations.AddField(
            model_name="job",
            name="nodes",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="nodes"),
        ),
        migrations.AlterField(
            model_name="job", name="image", field=models.CharField(max_length=400, verbose_name="image")
        ),
        fixed_columns("jobs_job", ("nodes", "network"), name="jobs_job_what_runs"),
    ]
