"""Datasets, their versions and files, the bytes behind these, and what is being uploaded."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_credits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(db_collation="C", max_length=64, verbose_name="SHA-256")),
                ("size", models.BigIntegerField(verbose_name="size")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="stored"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "stored file",
                "verbose_name_plural": "stored files",
            },
        ),
        migrations.CreateModel(
            name="Dataset",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\\Z",
                                "Use small letters, digits, and dots, hyphens or underscores between them.",
                            )
                        ],
                        verbose_name="name",
                    ),
                ),
                ("description", models.TextField(blank=True, help_text="Markdown.", verbose_name="description")),
                ("licence", models.CharField(blank=True, max_length=60, verbose_name="licence")),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="tags",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("private", "Private"), ("shared", "Shared"), ("public", "Public")],
                        default="private",
                        max_length=10,
                        verbose_name="visibility",
                    ),
                ),
                ("last_number", models.PositiveIntegerField(default=0, verbose_name="last version")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="created"),
                ),
                ("updated_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="changed")),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="datasets", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "dataset",
                "verbose_name_plural": "datasets",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=40, verbose_name="organization")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="since"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="datasets.dataset"
                    ),
                ),
                (
                    "granted_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="granted_datasets",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "grant",
                "verbose_name_plural": "grants",
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("stored", models.BigIntegerField(default=0, verbose_name="stored")),
                (
                    "quota",
                    models.BigIntegerField(
                        blank=True, help_text="Empty: ERA_DATASET_QUOTA_BYTES.", null=True, verbose_name="quota (bytes)"
                    ),
                ),
            ],
            options={
                "verbose_name": "storage of an organization",
                "verbose_name_plural": "storage of organizations",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("stored__gte", 0)), name="usage_stored_positive")
                ],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(blank=True, null=True, verbose_name="number")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="what changed")),
                ("files", models.PositiveIntegerField(default=0, verbose_name="files")),
                ("size", models.BigIntegerField(default=0, verbose_name="size")),
                ("digest", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="created"),
                ),
                ("changed_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="changed")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="published")),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="datasets.dataset"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "version",
                "verbose_name_plural": "versions",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("path", models.CharField(db_collation="C", max_length=1024, verbose_name="path")),
                ("size", models.BigIntegerField(verbose_name="size")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="begun"),
                ),
                ("touched_at", models.DateTimeField(default=era_platform.common.clock.now, verbose_name="last bytes")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uploads", to="datasets.version"
                    ),
                ),
            ],
            options={
                "verbose_name": "upload",
                "verbose_name_plural": "uploads",
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(db_collation="C", max_length=1024, verbose_name="path")),
                (
                    "blob",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="datasets.blob"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="datasets.version",
                    ),
                ),
            ],
            options={
                "verbose_name": "file",
                "verbose_name_plural": "files",
                "ordering": ["path"],
            },
        ),
        migrations.AddConstraint(
            model_name="blob",
            constraint=models.UniqueConstraint(fields=("organization", "digest"), name="blob_unique"),
        ),
        migrations.AddConstraint(
            model_name="blob",
            constraint=models.CheckConstraint(condition=models.Q(("size__gte", 0)), name="blob_size_positive"),
        ),
        migrations.AddIndex(
            model_name="dataset",
            index=models.Index(
                condition=models.Q(("visibility", "public")), fields=["-updated_at"], name="dataset_public"
            ),
        ),
        migrations.AddConstraint(
            model_name="dataset",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("organization", "name"), name="dataset_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="dataset",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["private", "shared", "public"])), name="dataset_visibility_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(fields=("dataset", "slug"), name="grant_unique"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("dataset", "number"), name="version_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", None), ("published_at", None)),
                    models.Q(("number__gte", 1), ("published_at__isnull", False)),
                    _connector="OR",
                ),
                name="version_published_has_number",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["organization"], name="upload_by_organization"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(fields=("version", "path"), name="upload_path_unique"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(condition=models.Q(("size__gte", 0)), name="upload_size_positive"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("version", "path"), name="entry_path_unique"),
        ),
    ]
