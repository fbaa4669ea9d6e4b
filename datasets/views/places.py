"""Where a version's files are, as pages: their addresses, their folders, and what each is made of."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.guards import OrganizationRequest
from accounts.models import Role
from datasets import store
from datasets.browsing import Asked, Folder, folder_page
from datasets.looking import Source
from datasets.models import Dataset, Entry, Version
from datasets.selectors import folders
from datasets.selectors.access import find_version


@dataclass(frozen=True)
class VersionAddresses:
    """`org` is whose pages they are, `owner` whose dataset; `version` a number, or a draft's id."""

    org: str
    owner: str
    name: str
    version: str

    def page(self, name: str, **parts: str) -> str:
        return reverse(name, kwargs={**self._parts(), **parts})

    def folder(self, path: str) -> str:
        return f"{self.page('dataset-version')}{_query(path)}#files"

    def file(self, path: str) -> str:
        return self.page("dataset-file", path=path)

    def download(self, path: str) -> str:
        return self.page("dataset-download", path=path)

    def archive(self, path: str) -> str:
        return self.page("dataset-archive") + _query(path)

    def picture(self, path: str, side: str) -> str:
        return self.page("dataset-picture", side=side, path=path)

    def sound(self, path: str) -> str:
        return self.page("dataset-sound", path=path)

    def _parts(self) -> dict[str, str]:
        return {"org": self.org, "owner": self.owner, "name": self.name, "version": self.version}


def _query(folder: str) -> str:
    return f"?{urlencode({'folder': folder})}" if folder else ""


def addresses_of(request: OrganizationRequest, version: Version) -> VersionAddresses:
    dataset = version.dataset
    word = str(version.number or version.pk)
    return VersionAddresses(request.organization.slug, dataset.organization.slug, dataset.name, word)


def folder_of_version(request: OrganizationRequest, version: Version) -> Folder:
    """The folder that the query asks for; the top where there is none of that name."""
    asked = Asked.of(request.GET.dict())
    count, total = folders.below(version, asked.folder)
    if asked.folder and not count:
        asked = Asked(sort=asked.sort)
        count, total = folders.below(version, "")
    lines, more = folders.folder_lines(version, asked)
    return folder_page(asked, lines, addresses_of(request, version), count=count, total=total, more=more)


def source_of(version: Version, entry: Entry) -> Source:
    """Previews are kept by what the file holds: the next version that has it has them, too."""
    path = store.blob_path(version.organization_id, entry.blob.digest)
    return Source(lambda: path.open("rb"), store.previews_path(version.organization_id, entry.blob.digest))


def own(request: OrganizationRequest, dataset: Dataset) -> bool:
    return dataset.organization_id == request.organization.pk


def rights(request: OrganizationRequest, dataset: Dataset) -> dict[str, Any]:
    """What templates ask before they offer something: `is_own`, `may_change` (member), `may_manage` (owner)."""
    rank = Role(request.membership.role).rank
    is_own = own(request, dataset)
    return {
        "is_own": is_own,
        "may_change": is_own and rank >= Role.MEMBER.rank,
        "may_manage": is_own and rank >= Role.OWNER.rank,
    }


def version_at(request: OrganizationRequest, owner: str, name: str, version: str) -> Version:
    return find_version(request.organization, owner, name, version)
