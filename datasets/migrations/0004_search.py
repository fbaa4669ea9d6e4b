"""What datasets are found by: words of what is said of them, and threes of letters of names and of paths.

`pg_trgm` is not there in every PostgreSQL, and the embedded one has no extensions at all: the same is done with arrays
of texts and their GIN index (docs/decisions/0026-search-without-extensions.md).
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# Their bodies are read when they are made, so that they find each other whatever the search path: a dump is restored
# with none, and the columns below are filled in then.
_FUNCTIONS = """
-- Each three letters in a row that a text has, in small letters.
CREATE FUNCTION era_trigrams(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT COALESCE(array_agg(DISTINCT substr(lower(said), place, 3)), '{}')
    FROM generate_series(1, length(lower(said)) - 2) AS place
);
-- The same with the words' beginnings and ends as letters of their own, by which words with a slip are alike.
CREATE FUNCTION era_word_trigrams(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN era_trigrams('  ' || regexp_replace(lower(said), '[^[:alnum:]]+', '   ', 'g') || ' ');
CREATE FUNCTION era_dataset_words(name text, tags text[], licence text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('pg_catalog.simple', name || ' ' || regexp_replace(name, '[._-]+', ' ', 'g')), 'A')
    || setweight(to_tsvector('pg_catalog.simple', array_to_string(tags, ' ')), 'B')
    || setweight(to_tsvector('pg_catalog.simple', licence), 'C')
    || setweight(to_tsvector('pg_catalog.english', description), 'D');
CREATE FUNCTION era_dataset_trigrams(name text, tags text[], licence text, description text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN era_trigrams(name || ' ' || array_to_string(tags, ' ') || ' ' || licence || ' ' || left(description, 4000))
    || era_word_trigrams(name || ' ' || array_to_string(tags, ' '));
"""
_NO_FUNCTIONS = """
DROP FUNCTION era_dataset_trigrams(text, text[], text, text);
DROP FUNCTION era_dataset_words(text, text[], text, text);
DROP FUNCTION era_word_trigrams(text);
DROP FUNCTION era_trigrams(text);
"""
# Columns that PostgreSQL fills in by itself; no model has them, so that nobody writes or fetches them.
_COLUMNS = """
ALTER TABLE datasets_dataset
    ADD words tsvector GENERATED ALWAYS AS
        (era_dataset_words(name::text, tags::text[], licence::text, description)) STORED,
    ADD trigrams text[] GENERATED ALWAYS AS
        (era_dataset_trigrams(name::text, tags::text[], licence::text, description)) STORED;
CREATE INDEX dataset_words ON datasets_dataset USING gin (words) WHERE deleted_at IS NULL;
CREATE INDEX dataset_trigrams ON datasets_dataset USING gin (trigrams) WHERE deleted_at IS NULL;
"""
_NO_COLUMNS = "ALTER TABLE datasets_dataset DROP words, DROP trigrams;"


class Migration(migrations.Migration):
    dependencies = [("datasets", "0003_sweeping")]

    operations = [
        migrations.RunSQL(_FUNCTIONS, _NO_FUNCTIONS),
        migrations.RunSQL(_COLUMNS, _NO_COLUMNS),
        migrations.AddField(
            "dataset",
            "index_due_at",
            models.DateTimeField(editable=False, null=True, verbose_name="paths to be indexed since"),
        ),
        migrations.AddIndex(
            "dataset",
            models.Index(
                condition=models.Q(("index_due_at__isnull", False)), fields=["index_due_at"], name="dataset_index_due"
            ),
        ),
        migrations.CreateModel(
            "PathRange",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_path", models.CharField(db_collation="C", max_length=1024)),
                ("last_path", models.CharField(db_collation="C", max_length=1024)),
                ("trigrams", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets.dataset"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets.version"
                    ),
                ),
            ],
            options={"verbose_name": "range of paths", "verbose_name_plural": "ranges of paths"},
        ),
        migrations.AddIndex(
            "pathrange",
            django.contrib.postgres.indexes.GinIndex(fields=["trigrams"], name="path_range_trigrams"),
        ),
    ]
