"""How far jobs' events have been told of: what happened before this is history, of which nobody is told."""

from django.db import migrations, models

BEGIN = """
INSERT INTO jobs_eventmark (id, event, soon) SELECT 1, coalesce(max(id), 0), now() FROM jobs_jobevent;
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0017_job_by_settlement")]

    operations = [
        migrations.CreateModel(
            name="EventMark",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("event", models.BigIntegerField()),
                ("soon", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="event_mark_is_one")],
            },
        ),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
