"""The calls of the REST API about datasets, their versions and their files."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from era_client.errors import NotFound
from era_client.http import Connection, segment
from era_client.models import Dataset, DatasetFile, Version
from era_client.reading import read
from era_client.references import Reference, parse_reference

Named = Reference | str
REMOVED_AT_ONCE = 1_000


class DatasetCalls:
    """A dataset is named `organization/name`, a version of it `organization/name@3`."""

    def __init__(self, connection: Connection, own: Callable[[], str]) -> None:
        """`own` tells which organization is one's own."""
        self._connection, self._own = connection, own

    # --- look --------------------------------------------------------------------------------------

    def list(self, *, owner: str = "all", search: str | None = None, tag: str | None = None) -> Iterator[Dataset]:
        """`owner`: mine, shared, public or all. `search` looks into names, descriptions, tags and paths."""
        filters = {"owner": owner, "search": search, "tag": tag}
        return (read(Dataset, row) for row in self._connection.pages("datasets", filters))

    def get(self, dataset: Named) -> Dataset:
        return read(Dataset, self._connection.get(named(dataset).path))

    def versions(self, dataset: Named) -> Iterator[Version]:
        return (read(Version, row) for row in self._connection.pages(f"{named(dataset).path}/versions"))

    def version(self, version: Named) -> Version:
        return read(Version, self._connection.get(named(version).version_path))

    def files(self, version: Named, *, prefix: str = "", search: str = "") -> Iterator[DatasetFile]:
        filters = {"prefix": prefix or None, "search": search or None, "page_size": 200}
        return (
            read(DatasetFile, row) for row in self._connection.pages(f"{named(version).version_path}/files", filters)
        )

    def diff(self, version: Named, against: str | None = None) -> dict[str, Any]:
        """What changed from the version `against`, by default the one before, to this one."""
        found: dict[str, Any] = self._connection.get(f"{named(version).version_path}/diff", {"against": against})
        return found

    def grants(self, dataset: Named) -> tuple[str, ...]:
        """The short names of the organizations that it is shared with."""
        return tuple(str(row["slug"]) for row in self._connection.pages(f"{named(dataset).path}/grants"))

    # --- change ------------------------------------------------------------------------------------

    def create(self, name: str, *, description: str = "", licence: str = "", tags: tuple[str, ...] = ()) -> Dataset:
        """A new one of one's own organization: private, and without versions."""
        body = {"name": name, "description": description, "licence": licence, "tags": [*tags]}
        return read(Dataset, self._connection.call("POST", "datasets", json=body))

    def change(self, dataset: Named, **changes: Any) -> Dataset:
        """`description`, `licence`, `tags`, `visibility`."""
        return read(Dataset, self._connection.call("PATCH", named(dataset).path, json=changes, again=True))

    def ensure(self, dataset: Named) -> tuple[Dataset, bool]:
        """The dataset, and whether it was made just now: only in one's own organization that is done."""
        try:
            return self.get(dataset), False
        except NotFound:
            if named(dataset).owner != self._own():
                raise
            return self.create(named(dataset).name), True

    def share(self, dataset: Named, organization: str) -> None:
        """Let another organization read it."""
        self._connection.call("PUT", f"{named(dataset).path}/grants/{segment(organization)}")

    def unshare(self, dataset: Named, organization: str) -> None:
        self._connection.call("DELETE", f"{named(dataset).path}/grants/{segment(organization)}")

    def begin(self, dataset: Named, *, base: str | None = None, note: str = "") -> Version:
        """A new draft, from the files of the version `base` where one is named."""
        body = {"note": note} | ({"base": base} if base else {})
        return read(Version, self._connection.call("POST", f"{named(dataset).path}/versions", json=body))

    def publish(self, version: Named, *, note: str = "") -> Version:
        """From now on it can't be changed by anybody."""
        body = {"note": note} if note else {}
        return read(Version, self._connection.call("POST", f"{named(version).version_path}/publish", json=body))

    def delete(self, dataset: Named) -> None:
        """With all its versions. Raises Conflict where a job needs one."""
        self._connection.call("DELETE", named(dataset).path)

    def delete_version(self, version: Named) -> None:
        """A version, or a draft."""
        self._connection.call("DELETE", named(version).version_path)

    def remove_files(self, draft: Named, paths: Sequence[str]) -> None:
        """Take files out of a draft; those that aren't there don't matter."""
        for start in range(0, len(paths), REMOVED_AT_ONCE):
            body = {"paths": [*paths[start : start + REMOVED_AT_ONCE]]}
            self._connection.call("POST", f"{named(draft).version_path}/remove", json=body, again=True)

    @property
    def connection(self) -> Connection:
        return self._connection


def named(reference: Named) -> Reference:
    return reference if isinstance(reference, Reference) else parse_reference(reference)
