"""A published version and its list of files are never changed, whoever asks the database to."""

from django.db import migrations

from era_platform.common.append_only import fixed_columns

# Once for each statement, not for each row: versions of a million files are written.
_ENTRIES = """
CREATE FUNCTION era_refuse_entries_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM changed JOIN datasets_version ON datasets_version.id = changed.version_id
        WHERE datasets_version.number IS NOT NULL AND (TG_OP <> 'DELETE' OR datasets_version.deleted_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'the files of a published version are never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER datasets_entry_insert AFTER INSERT ON datasets_entry
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION era_refuse_entries_of_published();
CREATE TRIGGER datasets_entry_update AFTER UPDATE ON datasets_entry
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION era_refuse_entries_of_published();
CREATE TRIGGER datasets_entry_delete AFTER DELETE ON datasets_entry
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION era_refuse_entries_of_published();
"""
_WITHOUT = """
DROP TRIGGER datasets_entry_insert ON datasets_entry;
DROP TRIGGER datasets_entry_update ON datasets_entry;
DROP TRIGGER datasets_entry_delete ON datasets_entry;
DROP FUNCTION era_refuse_entries_of_published();
"""
# Moving an entry from a draft into a published version is an update whose old row is the draft's.
_SAME_VERSION = fixed_columns("datasets_entry", ("version_id",), name="datasets_entry_stays_in_its_version")
_VERSION = fixed_columns(
    "datasets_version",
    ("number", "note", "files", "size", "digest", "published_at", "dataset_id", "organization_id"),
    only_if="OLD.number IS NOT NULL",
    name="datasets_version_published",
)
_BLOB = fixed_columns("datasets_blob", ("organization_id", "digest", "size"), name="datasets_blob_bytes")


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]

    operations = [migrations.RunSQL(_ENTRIES, _WITHOUT), _SAME_VERSION, _VERSION, _BLOB]
