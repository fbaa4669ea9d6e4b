"""The book and the forecasts are never rewritten."""

from django.db import migrations

from era_platform.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [append_only("pricing_bookentry"), append_only("pricing_forecast")]
