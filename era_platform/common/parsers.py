"""Reads the bodies of requests, within bounds."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from era_platform.common.errors import TooLarge


class JSONParser(BaseParser):
    """UTF-8 JSON of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes; NaN and Infinity are not JSON."""

    media_type = "application/json"

    @property
    def most(self) -> int:
        """Bytes of a body."""
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        most = self.most
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge(_("The body has more than {most} bytes.").format(most=most))
        try:
            return json.loads(body.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not JSON: {reason}").format(reason=_reason(error))) from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _("it is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return _("it is not UTF-8")
    return str(error)[:200]
