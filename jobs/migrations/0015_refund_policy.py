"""A job keeps the refund policy that it was sold under; none where it was sold before pools had one."""

import django.db.models.deletion
from django.db import migrations, models

from era_platform.common.append_only import fixed_columns


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0014_job_datasets"),
        ("pricing", "0009_refund_policies"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="refund_policy",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pricing.refundpolicy",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="credit",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="What is given on top of what comes back, where its slot was lost or it was started late.",
                verbose_name="credit (micro-credits)",
            ),
        ),
        fixed_columns("jobs_job", ("refund_policy_id",), name="jobs_job_refund_policy_fixed"),
    ]
