"""Receipts keep the pool's terms and the version of the counter-offers, and what was decided is never changed."""

from django.db import migrations, models

from era_platform.common.append_only import fixed_columns

DECIDED = (
    *("pool_id", "units", "duration", "earliest", "deadline", "value", "configurations"),
    *("price", "alternatives", "start_slot", "end_slot"),
    *("decided_at", "book_number", "forecast_id", "kernel_version", "offers_version", "terms"),
)

# No pool could change these until now. With no version, alternatives of before are not compared.
KEEP_TERMS = """
UPDATE jobs_job SET terms = jsonb_build_object('slot_seconds', slot_seconds, 'horizon_slots', horizon_slots)
FROM pricing_pool WHERE pricing_pool.id = pool_id;
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0007_job_by_pool")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="offers_version",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Empty where `alternatives` were not asked for, or came before this was kept.",
                max_length=20,
                verbose_name="version of the counter-offers",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="terms",
            field=models.JSONField(default=dict, verbose_name="terms of the pool at the decision"),
            preserve_default=False,
        ),
        migrations.RunSQL(KEEP_TERMS, migrations.RunSQL.noop),
        fixed_columns("jobs_job", DECIDED, name="jobs_job_decided"),
        fixed_columns("jobs_job", ("reason",), only_if="OLD.state = 'rejected'", name="jobs_job_refused"),
    ]
