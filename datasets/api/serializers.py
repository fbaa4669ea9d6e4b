"""How datasets, versions and files look in the API, and what may be said of them."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from datasets.models import Dataset, Grant, Version
from datasets.selectors.diffs import KINDS
from datasets.selectors.files import totals_of
from datasets.selectors.listing import OWNERS
from datasets.services.datasets import LONGEST_DESCRIPTION, LONGEST_LICENCE, LONGEST_TAG, MOST_TAGS
from era_platform.common.fields import MomentField, StrictSerializer, TextField

VERSION_STATES = DRAFT, PUBLISHED = ["draft", "published"]
MOST_REMOVED = 1_000
NAME, BASE = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", r"^([1-9][0-9]{0,8}|latest)$"


class DatasetSerializer(serializers.Serializer[Dataset]):
    """A dataset. `files` and `size` (bytes) are those of its latest version."""

    owner = serializers.CharField(source="organization.slug")
    name = serializers.CharField()
    reference = serializers.SerializerMethodField(help_text="`owner/name`: what a job names.")
    description = serializers.CharField(help_text="Markdown.")
    licence = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    visibility = serializers.ChoiceField(choices=Dataset.Visibility.values)
    latest = serializers.IntegerField(allow_null=True, help_text="Number of the last version; null: there is none.")
    files = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)
    created_at = MomentField()
    updated_at = MomentField()

    def get_reference(self, dataset: Dataset) -> str:
        return f"{dataset.organization.slug}/{dataset.name}"


class TagsField(serializers.ListField):
    child = TextField(plain=True, max_length=LONGEST_TAG)


class NewDatasetSerializer(StrictSerializer):
    name = TextField(max_length=60, validators=[RegexValidator(NAME)], help_text="Within your organization.")
    description = TextField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION, help_text="Markdown.")
    licence = TextField(required=False, allow_blank=True, plain=True, max_length=LONGEST_LICENCE)
    tags = TagsField(required=False, max_length=MOST_TAGS)


class DatasetChangeSerializer(StrictSerializer):
    """What is left out stays. `visibility` is for owners."""

    description = TextField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION, help_text="Markdown.")
    licence = TextField(required=False, allow_blank=True, plain=True, max_length=LONGEST_LICENCE)
    tags = TagsField(required=False, max_length=MOST_TAGS)
    visibility = serializers.ChoiceField(choices=Dataset.Visibility.values, required=False)


class DatasetQuery(StrictSerializer):
    owner = serializers.ChoiceField(
        choices=OWNERS, default="all", help_text="`mine`, those granted to you (`shared`), `public`, or `all` of these."
    )
    search = TextField(
        required=False, allow_blank=True, plain=True, max_length=200, help_text="Words of name, text, tags and paths."
    )
    tag = TextField(required=False, allow_blank=True, plain=True, max_length=LONGEST_TAG)


class GrantSerializer(serializers.Serializer[Grant]):
    """An organization that a dataset is shared with. Whether there is one of this name is not told."""

    slug = serializers.CharField(help_text="The organization's short name.")
    since = MomentField(source="created_at")
    by = serializers.CharField(source="created_by.email")


class GrantListSerializer(serializers.Serializer[Any]):
    results = GrantSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: the list is whole.")


class VersionSerializer(serializers.Serializer[Version]):
    """A version, or a draft of one."""

    id = serializers.UUIDField()
    number = serializers.IntegerField(allow_null=True, help_text="null for a draft.")
    state = serializers.ChoiceField(choices=VERSION_STATES)
    note = serializers.CharField(help_text="What changed.")
    files = serializers.IntegerField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField(source="digest", help_text="Of the manifest; empty for a draft.")
    created_at = MomentField()
    published_at = MomentField(allow_null=True)
    created_by = serializers.CharField(source="created_by.email", help_text="Empty for another organization's.")

    def to_representation(self, version: Version) -> dict[str, Any]:
        [told] = tell_versions([version], self.context["organization_id"])
        return told


def tell_versions(versions: list[Version], organization_id: int) -> list[dict[str, Any]]:
    """Versions as VersionSerializer describes them, for this organization: who made them is for their owner alone."""
    totals, moment = totals_of(versions), MomentField().to_representation
    return [
        {
            "id": str(version.pk),
            "number": version.number,
            "state": DRAFT if version.is_draft else PUBLISHED,
            "note": version.note,
            "files": totals[version.pk][0],
            "size": totals[version.pk][1],
            "sha256": version.digest,
            "created_at": moment(version.created_at),
            "published_at": moment(version.published_at) if version.published_at else None,
            "created_by": version.created_by.email if version.organization_id == organization_id else "",
        }
        for version in versions
    ]


class NoteField(TextField):
    def __init__(self, **options: Any) -> None:
        super().__init__(plain=True, required=False, allow_blank=True, max_length=500, **options)


class NewVersionSerializer(StrictSerializer):
    base = TextField(
        validators=[RegexValidator(BASE)], required=False, help_text="A version whose files the draft begins with."
    )
    note = NoteField(help_text="What changes.")


class PublishSerializer(StrictSerializer):
    note = NoteField(help_text="In place of the draft's.")


class FileSerializer(serializers.Serializer[Any]):
    """A file of a version."""

    path = serializers.CharField(help_text="Goes after `files/`; may hold slashes.")
    size = serializers.IntegerField(source="blob.size")
    sha256 = serializers.CharField(source="blob.digest")


class FileQuery(StrictSerializer):
    prefix = TextField(required=False, allow_blank=True, max_length=1024, help_text="Only paths that begin so.")
    search = TextField(required=False, allow_blank=True, max_length=200, help_text="Only paths that hold this.")


class RemovalSerializer(StrictSerializer):
    paths = serializers.ListField(
        child=TextField(max_length=1024), min_length=1, max_length=MOST_REMOVED, help_text="What to take out."
    )


class RemovedSerializer(serializers.Serializer[Any]):
    removed = serializers.IntegerField(help_text="How many of the paths were there.")


class FileDifferenceSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    change = serializers.ChoiceField(choices=KINDS)
    size = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField()
    size_before = serializers.IntegerField(allow_null=True)
    sha256_before = serializers.CharField()


class DiffSerializer(serializers.Serializer[Any]):
    """What leads from one version to another."""

    against = serializers.CharField(help_text="Number or id of the other version.")
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    changed = serializers.IntegerField()
    truncated = serializers.BooleanField(help_text="There are more than `results` has: see the counts.")
    results = FileDifferenceSerializer(many=True)
