"""Previews: each made once, by a process that is shut in with the file, and kept beside what it was made of."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from datasets.previews.__main__ import REFUSED
from datasets.previews.shutting_in import MOST_WRITTEN

log = structlog.get_logger(__name__)

EDITION = 1
"""Raised when previews change, so that those kept from before are made anew."""
AT_ONCE = 2
WAITING = 16
PATIENCE = 20.0
WALL_SECONDS = 30.0
PROGRAM = (sys.executable, "-E", "-s", "-B", "-m", "datasets.previews")
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}

_places = threading.BoundedSemaphore(AT_ONCE)
_queue = threading.BoundedSemaphore(AT_ONCE + WAITING)


@dataclass(frozen=True)
class Source:
    """A file to look at: how it is opened, and the folder in which what is made of it is kept."""

    open: Callable[[], IO[bytes]]
    folder: Path


class NotShown(Exception):
    """There is no preview; `reason` says why, for people. `is_for_now`: it may work later."""

    def __init__(self, reason: str, *, is_for_now: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_for_now = reason, is_for_now


def look(source: Source, kind: str) -> bytes:
    """What `python -m datasets.previews` makes of the file. Raises NotShown."""
    kept = source.folder / f"{kind}-{EDITION}"
    refused = source.folder / f"{kind}-{EDITION}.refused"
    for path in (kept, refused):
        if path.is_file():
            return _given(path.read_bytes(), is_refused=path == refused)
    with _place(), source.open() as file:
        shown, is_refused = _made(file, kind)
    _keep(refused if is_refused else kept, shown)
    return _given(shown, is_refused=is_refused)


def look_into(source: Source, kind: str) -> dict[str, Any]:
    """The same for what is JSON."""
    return dict(json.loads(look(source, kind)))


@contextmanager
def _place() -> Iterator[None]:
    """Few at once, and few that wait: a browser asks for hundreds of thumbnails."""
    if not _queue.acquire(blocking=False):
        raise _busy()
    try:
        if not _places.acquire(timeout=PATIENCE):
            raise _busy()
        try:
            yield
        finally:
            _places.release()
    finally:
        _queue.release()


def _busy() -> NotShown:
    return NotShown(_("Many previews are being made at the moment. Look again in a while."), is_for_now=True)


def _made(file: IO[bytes], kind: str) -> tuple[bytes, bool]:
    """What the process wrote, and whether that is a refusal."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [*PROGRAM, kind], stdin=file, stdout=out, stderr=subprocess.DEVNULL, env=ENVIRONMENT, cwd=settings.BASE_DIR
        )
        try:
            code = process.wait(WALL_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise NotShown(_words("time"), is_for_now=True) from error
        finally:
            process.kill()
            process.wait()
        out.seek(0)
        shown = out.read(MOST_WRITTEN)
    if code in (0, REFUSED):
        return shown, code == REFUSED
    log.info("preview_failed", kind=kind, code=code)
    return json.dumps({"refused": _why(code)}).encode(), True


def _why(code: int) -> str:
    """A process that was ended by a signal (negative) ran into a limit."""
    return {-24: "time", -25: "long", -9: "memory", -6: "memory"}.get(code, "damaged")


def _keep(path: Path, shown: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{uuid4().hex}")
    part.write_bytes(shown)
    part.replace(path)


def _given(shown: bytes, *, is_refused: bool) -> bytes:
    if is_refused:
        told = json.loads(shown)
        raise NotShown(_words(told.pop("refused")).format(**told))
    return shown


def _words(code: str) -> str:
    return {
        "memory": _("Showing it would take more memory than a preview may use."),
        "time": _("Showing it takes longer than a preview may take."),
        "long": _("What there is to show is too long."),
        "deep": _("It is nested too deeply."),
        "empty": _("It is empty."),
        "line": _("Its lines are too long for a table."),
        "columns": _("It has {count} columns; tables of up to {limit} are shown."),
        "pixels": _("It has {width} × {height} pixels, too many to be drawn here."),
        "no_picture": _("It is not a picture of a kind that can be drawn here."),
        "damaged": _("It could not be read: it may be damaged, or something else than its name says."),
    }[code]
