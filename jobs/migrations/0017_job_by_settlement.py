"""Jobs that were settled in a span of time, and those still open, by organization. Made while the table is in use."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("jobs", "0016_project")]

    operations = [
        AddIndexConcurrently(
            "job",
            models.Index(
                fields=["organization", "settled_at"],
                name="job_by_settlement",
                condition=models.Q(settled_at__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "job",
            models.Index(
                fields=["organization", "start_at"],
                name="job_open_by_organization",
                condition=models.Q(settled_at__isnull=True) & ~models.Q(state="rejected"),
            ),
        ),
    ]
