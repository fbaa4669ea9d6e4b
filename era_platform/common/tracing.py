"""For which request something is done: an id that every log line carries, from the web to worker and collector."""

import re
import uuid
from contextlib import AbstractContextManager

from structlog.contextvars import bound_contextvars, get_contextvars

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str:
    """The id of the request that is being worked on here, "" where there is none."""
    return str(get_contextvars().get("request_id", ""))


def accept(given: str | None) -> str:
    """The id that a caller gave, if it is safe to put into logs and headers; a new one otherwise."""
    return given if given and WELL_FORMED.fullmatch(given) else uuid.uuid4().hex


def following(request_id: str, **about: object) -> AbstractContextManager[None]:
    """Work on behalf of an earlier request: log lines inside carry its id and what else is given (`job=...`)."""
    return bound_contextvars(request_id=request_id, **about)
