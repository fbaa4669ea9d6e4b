"""Datasets: named, described and deleted."""

from typing import Any

import pytest
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from datasets import holds, store
from datasets.holds import Holder
from datasets.models import Dataset, Version
from datasets.services import datasets, uploads
from era_platform.common.errors import Conflict, InvalidInput, NotFound
from tests.datasets.ways import a_dataset, a_draft, published
from tests.factories import Tenant


@pytest.mark.parametrize("name", ["", "Digits", "a/b", "-a", "a-", "..", "a b", "é", "x" * 61, "a\n"])
def test_a_name_that_cannot_go_into_a_path_is_refused(ours: Tenant, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        a_dataset(ours, name)
    assert refused.value.field == "name"


def test_a_name_is_taken_within_its_organization_until_the_dataset_is_deleted(ours: Tenant, theirs: Tenant) -> None:
    first = a_dataset(ours)
    a_dataset(theirs)
    with pytest.raises(InvalidInput) as refused:
        a_dataset(ours)
    assert refused.value.code == "taken"
    datasets.delete(actor=ours.owner, dataset=first)
    assert a_dataset(ours) != first


def test_what_is_said_of_a_dataset_can_be_changed_in_part(ours: Tenant) -> None:
    dataset = a_dataset(ours, description="# Digits", licence="CC0-1.0", tags=["Images", "images", " two  words "])
    assert dataset.tags == ["images", "two words"]
    datasets.describe(actor=ours.member, dataset=dataset, description="# Other")
    with scopes_disabled():
        dataset.refresh_from_db()
    assert (dataset.description, dataset.licence, len(dataset.tags)) == ("# Other", "CC0-1.0", 2)


@pytest.mark.parametrize(
    "fields",
    [{"tags": [""]}, {"tags": ["x" * 41]}, {"tags": [str(n) for n in range(21)]}, {"description": "x" * 100_001},
     {"licence": "x" * 61}],
)  # fmt: skip
def test_what_is_too_much_is_refused_by_its_field(ours: Tenant, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        datasets.describe(actor=ours.member, dataset=a_dataset(ours), **fields)
    assert refused.value.field in fields


def test_a_visibility_that_is_none_is_refused(ours: Tenant) -> None:
    with pytest.raises(InvalidInput):
        datasets.set_visibility(actor=ours.owner, dataset=a_dataset(ours), visibility="secret")


def test_what_was_done_on_purpose_is_on_record(ours: Tenant) -> None:
    dataset = published(ours).dataset
    datasets.grant(actor=ours.owner, dataset=dataset, slug="theirs")
    datasets.grant(actor=ours.owner, dataset=dataset, slug="theirs")
    datasets.revoke(actor=ours.owner, dataset=dataset, slug="theirs")
    datasets.delete(actor=ours.owner, dataset=dataset)
    with scopes_disabled():
        actions = AuditEvent.objects.filter(target__startswith="ours/digits").order_by("id")
    assert [(event.action, event.target) for event in actions] == [
        ("dataset.created", "ours/digits"),
        ("dataset.published", "ours/digits@1"),
        ("dataset.granted", "ours/digits"),
        ("dataset.revoked", "ours/digits"),
        ("dataset.deleted", "ours/digits"),
    ]


def test_what_was_not_granted_cannot_be_revoked(ours: Tenant) -> None:
    with pytest.raises(NotFound):
        datasets.revoke(actor=ours.owner, dataset=a_dataset(ours), slug="theirs")


def test_a_deleted_dataset_keeps_its_versions_rows_and_loses_its_drafts(ours: Tenant) -> None:
    dataset = published(ours).dataset
    upload = uploads.open(actor=ours.member, version=a_draft(ours, dataset, {"a": b"x"}), path="big", size=9)
    part = store.part_path(ours.organization.pk, upload.pk)
    part.touch()
    datasets.delete(actor=ours.owner, dataset=dataset)
    with scopes_disabled():
        [version] = Version.objects.all()
    assert version.number == 1
    assert version.deleted_at is not None
    assert not part.exists()


def test_numbers_of_deleted_versions_are_not_used_again(ours: Tenant) -> None:
    version = published(ours)
    datasets.delete_version(actor=ours.owner, version=version)
    assert published(ours, version.dataset).number == 2
    with pytest.raises(Conflict):
        datasets.delete_version(actor=ours.owner, version=version)


def test_what_somebody_needs_is_not_deleted_and_own_needs_are_named(
    ours: Tenant, theirs: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, other = published(ours), published(ours, a_dataset(ours, "other"))
    needed = [Holder("job “theirs”", theirs.organization.pk)]
    monkeypatch.setattr(holds, "_asked", [lambda ids: needed if version.pk in ids else []])
    for attempt in (
        lambda: datasets.delete(actor=ours.owner, dataset=version.dataset),
        lambda: datasets.delete_version(actor=ours.owner, version=version),
    ):
        with pytest.raises(Conflict, match="a job of another organization") as refused:
            attempt()
        assert refused.value.code == "in_use"
    needed.append(Holder("job “train”", ours.organization.pk))
    with pytest.raises(Conflict, match="job “train”"):
        datasets.delete(actor=ours.owner, dataset=version.dataset)
    datasets.delete(actor=ours.owner, dataset=other.dataset)
    with scopes_disabled():
        assert [one.name for one in Dataset.objects.filter(deleted_at=None)] == ["digits"]
