"""One file as a page shows it: its facts, and a preview of it where there can be one."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags

from datasets import kinds
from datasets.looking import NotShown, Source, look, look_into
from era_platform.common import packing
from era_platform.common.downloads import send_file
from era_platform.common.errors import NotFound

SIDES = ("thumbnail", "picture")
LARGEST = {"picture": 1600}
_KINDS = {kinds.PICTURE: "picture-facts"}
CLOSED = "default-src 'none'; sandbox"
NO_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><path fill="none" stroke="#7a8f92" stroke-width="4" '
    'stroke-linecap="round" d="m60 44 40 32m0-32-40 32"/></svg>'
)


@dataclass
class View:
    """`shown` is what `datasets.previews` says; `refused` why there is nothing to see, "" where there is."""

    name: str
    path: str
    size: int
    kind: str
    download: str
    picture: str = ""
    sound: str = ""
    shown: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    is_for_now: bool = False
    digest: str = ""


def view_of(
    source: Source, path: str, size: int, *, download: str, picture: str = "", sound: str = "", digest: str = ""
) -> View:
    with source.open() as file:
        kind = kinds.kind_of(path, file.read(kinds.HEAD))
    view = View(path.rpartition("/")[2], path, size, kind, download, picture, sound, digest=digest)
    if kind in (kinds.AUDIO, kinds.OTHER):
        return view
    try:
        view.shown = look_into(source, _KINDS.get(kind, kind))
    except NotShown as why:
        view.refused, view.is_for_now = why.reason, why.is_for_now
    if kind == kinds.PICTURE and view.shown:
        view.shown |= _drawn(view.shown)
    return view


def _drawn(facts: dict[str, Any]) -> dict[str, Any]:
    """The size that it is drawn at, so that the page doesn't jump when it comes."""
    scale = min(1.0, LARGEST["picture"] / max(facts["width"], facts["height"], 1))
    return {
        "was": f"{facts['width']} × {facts['height']}",
        "width": max(1, round(facts["width"] * scale)),
        "height": max(1, round(facts["height"] * scale)),
    }


def picture_answer(request: HttpRequest, source: Source, side: str) -> HttpResponse:
    """WebP that was made here; a cross where there can be none."""
    if side not in SIDES:
        raise NotFound(f"There are no pictures of the size {side!r:.40}.")
    try:
        drawn, media_type, age = look(source, side), "image/webp", 86_400
    except NotShown as why:
        drawn, media_type, age = NO_PICTURE.encode(), "image/svg+xml", 0 if why.is_for_now else 3_600
    etag = f'"{hashlib.sha256(drawn).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"private, max-age={age}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": CLOSED,
    }
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(drawn, content_type=media_type, headers=headers)


def zip_answer(files: packing.Files, at: datetime, name: str) -> StreamingHttpResponse:
    """A zip that is made while it is sent, of a length that is told first."""
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "Content-Length": str(packing.zip_length(files)),
        "X-Content-Type-Options": "nosniff",
    }
    pieces = packing.gathered(packing.zip_(files, at))
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


def sound_answer(request: HttpRequest, file: IO[bytes], name: str) -> HttpResponseBase:
    """The file itself, to be played, if it begins like a sound; any part of it."""
    media_type = kinds.media_type(file.read(kinds.HEAD))
    if media_type is None or kinds.kind_by_name(name) != kinds.AUDIO:
        file.close()
        raise NotFound(f"{name!r:.200} is no sound that can be played.")
    file.seek(0)
    response = send_file(request, file, name)
    response["Content-Type"] = media_type
    response["Content-Security-Policy"] = CLOSED
    return response
