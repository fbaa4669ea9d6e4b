"""How a dataset is named: `organization/name@version`, of which the first and the last part may be left out."""

import re
from dataclasses import dataclass

from era_client.errors import UsageError
from era_client.http import segment

LATEST = "latest"
_SHAPE = re.compile(r"(?:(?P<owner>[^/@\s]+)/)?(?P<name>[^/@\s]+)(?:@(?P<version>[^/@\s]+))?")


@dataclass(frozen=True)
class Reference:
    """`version` is a number, a draft's id, or `latest`."""

    owner: str
    name: str
    version: str = LATEST

    @property
    def dataset(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def path(self) -> str:
        """The dataset's address under /api/v1/."""
        return f"datasets/{segment(self.owner)}/{segment(self.name)}"

    @property
    def version_path(self) -> str:
        return f"{self.path}/versions/{segment(self.version)}"

    def __str__(self) -> str:
        return f"{self.dataset}@{self.version}"


def parse_reference(text: str, *, own: str = "") -> Reference:
    """`own` is the organization that a name without one belongs to. Raises UsageError."""
    found = _SHAPE.fullmatch(text.strip())
    owner = found and (found["owner"] or own)
    if not found or not owner:
        raise UsageError(f"{text!r} is not a dataset: write organization/name, or organization/name@3 for a version.")
    return Reference(owner, found["name"], found["version"] or LATEST)


def has_version(text: str) -> bool:
    return "@" in text
