"""Adds many rows at once, with PostgreSQL's COPY: constraints and triggers hold as for any other insert."""

import os
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models
from psycopg import sql


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add `rows`, whose values are in the order of `columns` (attnames such as `pool_id`); JSON comes as its text.

    What `columns` leave out has the model's default, one value for all rows. Models' own code is not run.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    rest = [field for name, field in fields.items() if name not in columns and not isinstance(field, models.AutoField)]
    same = [field.get_db_prep_save(field.get_default(), connection) for field in rest]
    written = [fields[name] for name in columns] + rest
    names = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in written)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), names)
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([*row, *same])


def random_ids(count: int) -> list[UUID]:
    """As `uuid4` makes them, but asking the system for randomness once."""
    randomness = os.urandom(16 * count)
    return [UUID(bytes=randomness[at : at + 16], version=4) for at in range(0, len(randomness), 16)]
