"""How far the ledger has been added up: a transfer is never changed, so a sum of the first ones stays right."""

from django.db import models

from accounts.models.ledger import LedgerAccount
from era_platform.common import clock


class LedgerCheckpoint(models.Model):
    """What the transfers up to `last_transfer` come to on one account, in micro-credits.

    All accounts that had any have the same `last_transfer`.
    """

    account = models.OneToOneField(LedgerAccount, models.CASCADE, primary_key=True, related_name="checkpoint")
    last_transfer = models.BigIntegerField()
    total = models.BigIntegerField()
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.total} up to {self.last_transfer}"
