"""Bodies of files and archives: on the store's disk as a part, whoever brought them there.

The ASGI server's way (`StoreBodies`) streams a body into the store once the request is known to be welcome, and hands
the part on in the scope. Another server gives the body to the view, which then writes it itself.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import usable_token
from accounts.models import Organization
from datasets.incoming import Gathering
from datasets.selectors import access
from datasets.services import quota
from era_platform.common.errors import InvalidInput, Problem, TooLarge
from era_platform.common.scopes import unscoped

BODY = "era.body"
PIECE = 1024 * 1024
_ADDRESS = re.compile(r"/api/v1/datasets/([^/]+)/([^/]+)/versions/([^/]+)/(files/.+|archive)", re.DOTALL)
_METHODS = {"PUT": "files/", "POST": "archive"}

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Body:
    """A complete body; `part` is gone after the request, unless it was moved."""

    part: Path
    size: int
    digest: str


@contextmanager
def receive(request: Request, organization: Organization, most: int) -> Iterator[Body]:
    """The request's body. Raises TooLarge, QuotaExceeded, StorageFull; InvalidInput where it isn't all there."""
    announced = _announced(request)
    if announced > most:
        raise TooLarge(_("The body has {size} bytes; at most {most} are taken.").format(size=announced, most=most))
    quota.check_room(organization, announced)
    there = getattr(request, "scope", {}).get(BODY)
    if isinstance(there, Problem):
        raise there
    with ExitStack() as parts:
        body = there or _read(request, parts.enter_context(Gathering(organization.pk, most)))
        if "Content-Length" in request.headers and body.size != announced:
            raise InvalidInput(
                _("The body has {size} bytes, not the {announced} that Content-Length says.").format(
                    size=body.size, announced=announced
                ),
                field="Content-Length",
                code="length_mismatch",
            )
        yield body


def _read(request: Request, gathering: Gathering) -> Body:
    while piece := request._request.read(PIECE):
        gathering.write(piece)
    return Body(gathering.part, gathering.size, gathering.finish())


def _announced(request: Request) -> int:
    text = str(request.headers.get("Content-Length") or "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


class StoreBodies:
    """An ASGI application around two others: `pages` gets requests whose body may be large, `rest` all others."""

    def __init__(self, pages: Any, rest: Any) -> None:
        self._pages, self._rest = pages, rest

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        wanted = _wanted(scope)
        if wanted is None:
            await self._rest(scope, receive, send)
            return
        gathering = await asyncio.to_thread(_welcome, scope, wanted)
        if gathering is None:  # for a reason that the view finds as well, and tells
            await self._pages(scope, _nothing(receive), send)
            return
        try:
            body = await _gather(gathering, receive)
            if body is not None:
                await self._pages({**scope, BODY: body}, _nothing(receive), send)
        finally:
            await asyncio.to_thread(gathering.discard)


async def _gather(gathering: Gathering, receive: Receive) -> Body | Problem | None:
    """The body, or what is wrong with it; None where whoever sent it has gone."""
    waiting, size, more = [], 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        waiting.append(event.get("body", b""))
        size, more = size + len(waiting[-1]), event.get("more_body", False)
        if size >= PIECE or not more:
            try:
                await asyncio.to_thread(gathering.write, b"".join(waiting))
            except Problem as problem:
                return problem
            waiting, size = [], 0
    return Body(gathering.part, gathering.size, gathering.finish())


def _nothing(receive: Receive) -> Receive:
    """As if the request had no body; after that, whether its sender is still there."""
    told = False

    async def without_body() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return without_body


def _wanted(scope: Any) -> "re.Match[str] | None":
    if scope["type"] != "http" or scope["method"] not in _METHODS:
        return None
    found = _ADDRESS.fullmatch(scope["path"])
    return found if found and found[4].startswith(_METHODS[scope["method"]]) else None


@unscoped
def _welcome(scope: Any, wanted: "re.Match[str]") -> Gathering | None:
    """Where to put the body, if there is reason to read it: the sender may change what it names, and has room."""
    headers = dict(scope["headers"])
    most = settings.ERA_DATASET_PUT_MAX_BYTES if scope["method"] == "PUT" else settings.ERA_DATASET_ARCHIVE_MAX_BYTES
    announced = headers.get(b"content-length", b"0")
    with suppress(Problem, AuthenticationFailed, DatabaseError):
        try:
            organization = _organization(headers.get(b"authorization", b""), wanted)
            if announced.isdigit() and len(announced) < 19 and int(announced) <= most:
                quota.check_room(organization, int(announced))
                return Gathering(organization.pk, most)
        finally:
            connections.close_all()
    return None


def _organization(authorization: bytes, wanted: "re.Match[str]") -> Organization:
    kind, _space, secret = authorization.partition(b" ")
    if kind.lower() != b"bearer":
        raise AuthenticationFailed
    membership = usable_token(secret.strip().decode("latin-1")).membership
    dataset = access.own_dataset(membership, wanted[1], wanted[2])
    access.find_draft(membership, access.version_of(membership.organization, dataset, wanted[3]).pk)
    return membership.organization
