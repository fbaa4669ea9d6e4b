"""Moments as people and programs write them: ISO 8601, always with a time zone."""

import re
from datetime import UTC, datetime

# Stricter than datetime.fromisoformat, which passes over a zero byte at the end.
FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"
    r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


class NoTimeZone(ValueError):
    """A moment whose time zone nobody said."""


def parse_moment(text: str) -> datetime:
    """The moment in UTC. Raises NoTimeZone, or ValueError for what is no moment between the years 1 and 9999."""
    found = FORM.fullmatch(text)
    if found is None:
        raise ValueError("not an ISO 8601 date and time")
    if not found["zone"]:
        raise NoTimeZone("no time zone")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the years that there are") from error


def format_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
