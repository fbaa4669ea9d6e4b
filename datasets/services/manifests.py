"""What a draft comes to when it is published: how many files and bytes, and the digest of its manifest."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from datasets.models import Entry
from datasets.services.drafting import both_file_and_folder

AT_ONCE = 5_000


@dataclass(frozen=True)
class Manifest:
    """`digest` as models.Version says."""

    files: int
    size: int
    digest: str


def line(path: str, digest: str, size: int) -> str:
    return f"{digest} {size} {path}\n"


def measure(version_id: UUID) -> Manifest:
    """Raises InvalidInput where a path is a file and also a folder of another. Needs scopes to be off."""
    files = size = 0
    digest, above = hashlib.sha256(), _Above()
    for path, sha256, bytes_ in rows(version_id):
        above.check(path)
        digest.update(line(path, sha256, bytes_).encode())
        files, size = files + 1, size + bytes_
    return Manifest(files, size, digest.hexdigest())


def rows(version_id: UUID, prefix: str = "") -> Iterator[tuple[str, str, int]]:
    """(path, digest, size) of each file whose path begins with `prefix`, in order of the paths' bytes."""
    entries = Entry.objects.filter(version=version_id, path__startswith=prefix).order_by("path")
    yield from entries.values_list("path", "blob__digest", "blob__size").iterator(chunk_size=AT_ONCE)


class _Above:
    """The files whose names the present path begins with. In order, all that begin with a name follow it at once."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def check(self, path: str) -> None:
        while self._names and not path.startswith(self._names[-1]):
            self._names.pop()
        for name in self._names:
            if path[len(name)] == "/":
                raise both_file_and_folder(name, path)
        self._names.append(path)
