"""Sends files: the whole, or the part that a Range header asks for, in pieces: memory doesn't grow with the file.

Who may read is decided before this is called. The bytes then go the shortest way there is: where a proxy stands in
front that sees the same storage (ERA_ACCEL_PREFIX) it is told which file to send; else the web process sends them,
past those parts of Django that handle each piece of a stream (`era_platform.pages`).
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags
from django.utils.translation import gettext_lazy as _

from era_platform.common import storage
from era_platform.common.errors import Problem
from era_platform.common.problems import answer

PIECE = 1024 * 1024
ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Span(NamedTuple):
    """Bytes [start, end) of a file."""

    start: int
    end: int


class FileResponse(StreamingHttpResponse):
    """Bytes of an open file, which it owns. Whoever knows this class can send them without asking it for pieces."""

    def __init__(self, file: IO[bytes], span: Span, *, status: int, headers: dict[str, str]) -> None:
        super().__init__(pieces(file, span), status=status, content_type="application/octet-stream", headers=headers)
        self.file, self.span = file, span
        # Should nobody ever ask for the first piece.
        self._resource_closers.append(file.close)  # type: ignore[attr-defined]


class RangeNotSatisfiable(Problem):
    status = 416
    code = "range_not_satisfiable"
    title = _("The range lies beyond the end")


class Wanted(NamedTuple):
    """Which bytes to send, and whether as a part (206) or as the whole (200)."""

    span: Span
    is_part: bool


def send_file(request: HttpRequest, file: IO[bytes], name: str, *, etag: str = "") -> HttpResponseBase:
    """An answer that owns `file` and closes it, to be saved as `name`; follows RFC 9110 on ranges and ETags.

    `etag` (without quotes) is of this content alone; where there is none, size and time of the file stand for it.
    """
    status = os.fstat(file.fileno())
    etag = f'"{etag}"' if etag else f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "ETag": etag,
        "Last-Modified": formatdate(status.st_mtime, usegmt=True),
        "X-Content-Type-Options": "nosniff",
    }
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if etag in known or "*" in known:
        file.close()
        return HttpResponseNotModified(headers={"ETag": etag})
    wanted = what_to_send(request, status.st_size, unless_changed=(etag, headers["Last-Modified"]))
    if wanted is None:
        file.close()
        return _beyond(request, status.st_size)
    return _send(request, file, wanted, status.st_size, headers)


def what_to_send(request: HttpRequest, size: int, *, unless_changed: tuple[str, str]) -> Wanted | None:
    """What of a file of `size` bytes to send; None for a range that lies beyond it.

    Several ranges, or what is no range, get the whole file, as RFC 9110 allows; so does a range of
    a version (If-Range) that is no longer there.
    """
    whole = Wanted(Span(0, size), is_part=False)
    if_range = request.headers.get("If-Range")
    if request.method != "GET" or (if_range and if_range not in unless_changed):
        return whole
    found = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or not any(found.groups()):
        return whole
    first, last = found.groups()
    if not first:
        return Wanted(Span(max(size - int(last), 0), size), is_part=True) if int(last) and size else None
    if last and int(last) < int(first):
        return whole
    span = Span(int(first), min(int(last) + 1, size) if last else size)
    return Wanted(span, is_part=True) if span.start < size else None


def _beyond(request: HttpRequest, size: int) -> HttpResponse:
    response = answer(request, RangeNotSatisfiable(str(_("The file has {size} bytes.")).format(size=size), size=size))
    response["Content-Range"] = f"bytes */{size}"
    return response


def _send(
    request: HttpRequest, file: IO[bytes], wanted: Wanted, size: int, headers: dict[str, str]
) -> HttpResponseBase:
    start, end = wanted.span
    if inner := _accelerated(file):
        file.close()
        del headers["Accept-Ranges"]  # the proxy says it, too
        return HttpResponse(content_type="application/octet-stream", headers={**headers, "X-Accel-Redirect": inner})
    headers["Content-Length"] = str(end - start)
    if wanted.is_part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if request.method == "HEAD":
        file.close()
        return HttpResponse(content_type="application/octet-stream", headers=headers)
    return FileResponse(file, wanted.span, status=206 if wanted.is_part else 200, headers=headers)


def _accelerated(file: IO[bytes]) -> str:
    """Where the proxy finds the file, which looks at Range itself; empty where it can't.

    It is named as it is really called, without links, since the proxy follows none.
    """
    if not settings.ERA_ACCEL_PREFIX:
        return ""
    path = Path(os.path.realpath(f"/proc/self/fd/{file.fileno()}"))
    root = storage.root().resolve()
    if not path.is_relative_to(root) or not _is_same(path, file):
        return ""
    return str(settings.ERA_ACCEL_PREFIX) + quote(os.fsencode(path.relative_to(root)))


def _is_same(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except OSError:
        return False  # renamed or removed since it was opened


async def pieces(file: IO[bytes], span: Span) -> AsyncIterator[bytes]:
    """Asynchronous, since Django reads a synchronous one to its end before it sends the first byte."""
    with file:
        at = span.start
        while at < span.end and (piece := await asyncio.to_thread(read_at, file, at, min(PIECE, span.end - at))):
            at += len(piece)
            yield piece


def read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    return os.pread(file.fileno(), size, offset)
