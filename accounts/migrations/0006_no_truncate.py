"""What guards the ledger's rows is not gone past by emptying a table at once."""

from django.db import migrations

from era_platform.common.append_only import no_truncate


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_withdrawals_and_staff_roles")]

    operations = [no_truncate("accounts_transfer", "accounts_hold", "accounts_ledgeraccount", "accounts_auditevent")]
