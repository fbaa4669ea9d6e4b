"""Transfers of a month are found by an index, however many there are before it. Made while the table is in use."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0006_no_truncate")]

    operations = [
        AddIndexConcurrently("transfer", models.Index(fields=["organization", "created_at"], name="transfer_by_time")),
    ]
