"""The Idempotency-Key header: which keys are taken, and how the schema tells of it."""

import re

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from era_platform.common.errors import InvalidInput
from era_platform.common.fields import printable

HEADER = "Idempotency-Key"
TAKEN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
KEY_PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]{0,253}[!-~])?$"},
    OpenApiParameter.HEADER,
    description="Of your choice. The same key with the same body gives the same job again, with the same answer.",
)


def idempotency_key(request: Request) -> str:
    """The key, "" where there is none. Raises InvalidInput for one that is too long or not printable ASCII."""
    key: str | None = request.headers.get(HEADER)
    if key is None:
        return ""
    if not TAKEN.fullmatch(key):
        raise InvalidInput(
            _("{value} is not a key: it needs 1 to 255 printable ASCII characters.").format(value=printable(key)),
            field=HEADER,
        )
    return key
