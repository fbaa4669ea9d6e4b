"""An index that finds the few instances still to be removed among all attempts there ever were."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_append_only")]

    operations = [
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(condition=models.Q(("deleted_at", None)), fields=["ended_at"], name="attempt_to_remove"),
        ),
    ]
