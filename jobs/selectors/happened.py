"""Jobs' events in the order of their numbers, none skipped though transactions end in another order.

An event's number is drawn before its transaction commits, so a higher one can be seen before a lower one. But whoever
draws a number holds the lock that every write to the table takes, until the transaction ends. So: note the last number
that was drawn, then who holds that lock; once all of these have ended, each number up to the one noted is there or will
never be. Writers pay nothing for it, and wait for nobody.
"""

import time
from collections.abc import Iterable

from django.db import connection

from jobs.models import JobEvent

LAST = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
PATIENCE, PAUSE = 1.0, 0.02


def settled_until() -> int | None:
    """A number up to which every event is there that will ever be; None while writers take longer than PATIENCE.

    Not to be called in a transaction that sees an old snapshot: read what is there after it, in READ COMMITTED.
    """
    last = _last()
    writers = _writers()
    give_up = time.monotonic() + PATIENCE
    while writers:
        if time.monotonic() > give_up:
            return None
        time.sleep(PAUSE)
        writers &= _writers()
    return last


def _last() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [JobEvent._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute(LAST.format(sequence=sequence))
        return int(cursor.fetchone()[0])


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS, [JobEvent._meta.db_table])
        rows: Iterable[tuple[str]] = cursor.fetchall()
        return {name for (name,) in rows}
