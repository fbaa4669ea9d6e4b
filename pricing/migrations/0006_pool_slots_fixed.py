"""What reservations, forecasts and receipts rest on: a pool's slots and its horizon are never changed."""

from django.db import migrations

from era_platform.common.append_only import fixed_columns


class Migration(migrations.Migration):
    dependencies = [("pricing", "0005_forecasts_by_lag")]

    operations = [
        fixed_columns("pricing_pool", ("slot_seconds", "horizon_slots"), name="pricing_pool_slots_fixed"),
    ]
