"""Tables whose rows, or whose columns, are never changed, by a trigger in PostgreSQL, whoever asks."""

from collections.abc import Sequence

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION era_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """A migration step that makes `table` append-only."""
    return migrations.RunSQL(
        f"""{_FUNCTION}
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION era_refuse_change();""",
        f"DROP TRIGGER {table}_append_only ON {table};",
    )


def no_truncate(*tables: str) -> migrations.RunSQL:
    """A migration step: the tables can't be emptied at once either, which goes past what guards their rows."""
    return migrations.RunSQL(
        _FUNCTION
        + "".join(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION era_refuse_change();"
            for table in tables
        ),
        "".join(f"DROP TRIGGER {table}_no_truncate ON {table};" for table in tables),
    )


def fixed_columns(table: str, columns: Sequence[str], *, only_if: str = "true", name: str) -> migrations.RunSQL:
    """A migration step: an update of `table` that changes one of `columns` fails, where `only_if` holds of OLD."""
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return migrations.RunSQL(
        f"""CREATE OR REPLACE FUNCTION era_refuse_change_of_columns() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'these columns of % are never changed', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER {name} BEFORE UPDATE OF {", ".join(columns)} ON {table}
            FOR EACH ROW WHEN (({only_if}) AND ({changed})) EXECUTE FUNCTION era_refuse_change_of_columns();""",
        f"DROP TRIGGER {name} ON {table};",
    )
