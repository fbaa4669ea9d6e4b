"""How a version of a dataset is named in texts: `org/name`, `org/name@3`. No Django models."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from era_platform.common.errors import InvalidInput

LATEST = "latest"
_REFERENCE = re.compile(r"(?P<owner>[a-z0-9-]{1,40})/(?P<name>[a-z0-9._-]{1,60})(?:@(?P<version>[a-z0-9-]{1,40}))?")


@dataclass(frozen=True)
class Reference:
    """`owner/name@version`; the version is a number, `latest`, or the id of a draft."""

    owner: str
    name: str
    version: str = LATEST

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}@{self.version}"


def parse_reference(text: str) -> Reference:
    """Raises InvalidInput."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise InvalidInput(
            _("{value} does not name a dataset: write organization/name, or organization/name@3.").format(
                value=repr(text[:120])
            )
        )
    return Reference(found["owner"], found["name"], found["version"] or LATEST)
