"""Tables whose rows are never changed or removed, by a trigger in PostgreSQL, whoever asks."""

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
