"""Makes datasets, drafts and files for tests, by the services that the platform itself uses."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django_scopes import scopes_disabled

from datasets import store
from datasets.models import Dataset, Entry, Usage, Version
from datasets.selectors import access
from datasets.services import datasets, drafts, files
from datasets.services.files import Arrived
from tests.factories import Tenant


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arrived(tenant: Tenant, path: str, content: bytes) -> Arrived:
    """A file whose bytes have just come in."""
    part = store.part_path(tenant.organization.pk, uuid4())
    part.write_bytes(content)
    return Arrived(path, digest_of(content), len(content), part)


def a_dataset(tenant: Tenant, name: str = "digits", *, visibility: str = "private", **fields: Any) -> Dataset:
    dataset = datasets.create(actor=tenant.member, organization=tenant.organization, name=name, **fields)
    if visibility != "private":
        dataset = datasets.set_visibility(actor=tenant.owner, dataset=dataset, visibility=visibility)
    return dataset


def a_draft(tenant: Tenant, dataset: Dataset | None = None, contents: Mapping[str, bytes] | None = None) -> Version:
    """A draft of a new dataset, if none is given, with these files."""
    draft = drafts.begin(actor=tenant.member, dataset=dataset or a_dataset(tenant))
    put(tenant, draft, contents or {})
    return draft


def put(tenant: Tenant, draft: Version, contents: Mapping[str, bytes]) -> None:
    coming = [arrived(tenant, path, content) for path, content in contents.items()]
    files.add(actor=tenant.member, version=draft, files=coming)


def published(tenant: Tenant, dataset: Dataset | None = None, contents: Mapping[str, bytes] | None = None) -> Version:
    """A version with these files, or with one."""
    draft = a_draft(tenant, dataset, contents or {"readme.txt": b"what it is"})
    return drafts.publish(actor=tenant.member, version=draft)


def content_of(version: Version) -> dict[str, bytes]:
    """path → the bytes that the store has for it."""
    with scopes_disabled():
        rows = Entry.objects.filter(version=version).values_list("path", "blob__digest")
        return {path: store.blob_path(version.organization_id, digest).read_bytes() for path, digest in rows}


def stored(tenant: Tenant) -> int:
    """Bytes that count against the organization's quota."""
    with scopes_disabled():
        usage = Usage.objects.filter(pk=tenant.organization.pk).first()
        return usage.stored if usage else 0


def latest(tenant: Tenant, owner: Tenant, name: str = "digits") -> Version:
    """What the tenant sees of a dataset."""
    return access.find_version(tenant.organization, owner.slug, name)
