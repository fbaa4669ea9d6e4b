"""Reads and adds single rows where it counts: statements that are made once, and several in one round trip.

Django builds each statement anew, which takes longer than PostgreSQL needs to carry it out. What is
called for each submission comes here; everything else is better off with querysets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


def add(row: models.Model) -> None:
    """Insert a new row. Asks for nothing back: a key that PostgreSQL makes stays unknown."""
    statement, fields = _insert(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    row._state.adding, row._state.db = False, connection.alias


def first(model: type[Row], condition: str, *values: Any) -> Row | None:
    """The first row that the SQL after WHERE finds. It sees all tenants' rows: the condition says whose."""
    fields = model._meta.concrete_fields
    with connection.cursor() as cursor:
        cursor.execute(f"{_select(model)} {condition}", values)
        found = cursor.fetchone()
    return model.from_db(connection.alias, [field.attname for field in fields], found) if found else None


@contextmanager
def together() -> Iterator[None]:
    """Send the statements inside without waiting for each; what goes wrong with one is raised at the end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


@cache
def columns(model: type[models.Model], table: str = "") -> str:
    """The model's columns, quoted, as a SELECT wants them."""
    quote = connection.ops.quote_name
    prefix = f"{quote(table or model._meta.db_table)}."
    return ", ".join(prefix + quote(str(field.column)) for field in model._meta.concrete_fields)


@cache
def _select(model: type[models.Model]) -> str:
    return f"SELECT {columns(model)} FROM {connection.ops.quote_name(model._meta.db_table)} WHERE"


@cache
def _insert(model: type[models.Model]) -> tuple[str, "list[models.Field[Any, Any]]"]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    names, places = ", ".join(quote(str(field.column)) for field in fields), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})", fields
