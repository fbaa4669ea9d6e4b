"""Which organizations' files are to be swept; and a published version's row, which is for good as well."""

from django.db import migrations, models

from era_platform.common.append_only import fixed_columns

_STAYS = """
CREATE TRIGGER datasets_version_stays BEFORE DELETE ON datasets_version
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION era_refuse_change();
"""
_STAYS_NOT = "DROP TRIGGER datasets_version_stays ON datasets_version;"
_DELETED = fixed_columns(
    "datasets_version", ("deleted_at",), only_if="OLD.deleted_at IS NOT NULL", name="datasets_version_stays_deleted"
)


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_published_is_for_good")]

    operations = [
        migrations.AddField(
            "usage",
            "loosened_at",
            models.DateTimeField(editable=False, null=True, verbose_name="to be swept since"),
        ),
        migrations.AddIndex(
            "usage",
            models.Index(
                condition=models.Q(("loosened_at__isnull", False)), fields=["loosened_at"], name="usage_to_sweep"
            ),
        ),
        migrations.AddConstraint(
            "usage",
            models.CheckConstraint(
                condition=models.Q(("quota", None), ("quota__gte", 0), _connector="OR"), name="usage_quota_positive"
            ),
        ),
        migrations.RunSQL(_STAYS, _STAYS_NOT),
        _DELETED,
    ]
