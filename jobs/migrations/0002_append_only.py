"""What happened to a job is never rewritten."""

from django.db import migrations

from era_platform.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [append_only("jobs_jobevent")]
