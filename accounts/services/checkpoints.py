"""Moves the ledger's checkpoint on, so that comparing balances with transfers reads the newest of these only.

Decision 0042 says why this is safe.
"""

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django_scopes import scopes_disabled

from accounts.models import LedgerCheckpoint, Transfer

EVERY = 100_000
"""Transfers past the checkpoint from which on it is moved."""

_ADVANCE = """
INSERT INTO accounts_ledgercheckpoint (account_id, last_transfer, total, made_at)
SELECT account, %(upto)s, sum(amount), now() FROM (
    SELECT account_id AS account, total AS amount FROM accounts_ledgercheckpoint
    UNION ALL SELECT target_id, amount FROM accounts_transfer WHERE id > %(since)s AND id <= %(upto)s
    UNION ALL SELECT source_id, -amount FROM accounts_transfer WHERE id > %(since)s AND id <= %(upto)s
) moves GROUP BY account
ON CONFLICT (account_id) DO UPDATE
SET last_transfer = EXCLUDED.last_transfer, total = EXCLUDED.total, made_at = EXCLUDED.made_at
"""


def advance(*, every: int = EVERY) -> bool:
    """Whether the checkpoint was moved: not where there is little to gain, or somebody is writing just now."""
    with scopes_disabled():
        since = LedgerCheckpoint.objects.aggregate(last=Max("last_transfer"))["last"] or 0
        newest = Transfer.objects.aggregate(last=Max("id"))["last"] or 0
    if newest - since < every or (upto := _complete_up_to()) is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, {"since": since, "upto": upto})
    return True


def _complete_up_to() -> int | None:
    """The newest transfer such that none with a smaller number is still under way; None where that isn't known.

    Numbers are given before the commit. Nobody holds one that isn't committed while nobody writes: so writers are
    waited for, a moment at most, and for that moment they wait for us.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute("LOCK TABLE accounts_transfer IN SHARE MODE")
            cursor.execute("SELECT MAX(id) FROM accounts_transfer")
            (last,) = cursor.fetchone()
            return int(last)
    except OperationalError:
        return None
