"""The platform's own two accounts: what was paid in, and what was earned."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def open_platform_accounts(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    account = apps.get_model("accounts", "LedgerAccount")
    for kind in ("revenue", "funding"):
        account._base_manager.get_or_create(organization=None, kind=kind)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_ledger_invariants")]

    operations = [migrations.RunPython(open_platform_accounts, migrations.RunPython.noop)]
