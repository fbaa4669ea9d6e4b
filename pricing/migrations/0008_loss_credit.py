"""What a pool gives beside the refund to whose slot was lost."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0007_pool_policy"),
    ]

    operations = [
        migrations.AddField(
            model_name="pool",
            name="loss_credit_percent",
            field=models.PositiveIntegerField(
                db_default=10,
                default=10,
                help_text="Given beside the refund to whose slot was lost with a machine and could not be moved.",
                validators=[django.core.validators.MaxValueValidator(100)],
                verbose_name="credit for a lost slot (percent of the price)",
            ),
        ),
    ]
