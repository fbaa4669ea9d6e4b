"""Clears the database after a test with transactions of its own, by removing the rows there are.

Django truncates every table and then tells all apps that a migration took place: a tenth of a second and more, of which
there are hundreds. Here the few tables that have rows are emptied, with no trigger asked. What a migration leaves is
kept, or made again.
"""

from functools import cache

from django.db import connection
from django.test import TransactionTestCase

from accounts.platform_accounts import open_platform_accounts

KEPT = ("django_migrations", "django_content_type", "auth_permission")


def clear_quickly() -> None:
    """From now on, in this process."""
    TransactionTestCase._fixture_teardown = lambda _case: clear()  # type: ignore[attr-defined]


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        filled = [name for (name,) in cursor.fetchall()]
        if filled:
            removals = "; ".join(f'DELETE FROM "{name}"' for name in filled)
            cursor.execute(f"SET session_replication_role = replica; {removals}; RESET session_replication_role")
    open_platform_accounts(connection.alias)


@cache
def _which_have_rows() -> str:
    names = [name for name in connection.introspection.table_names() if name not in KEPT]
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in names)
