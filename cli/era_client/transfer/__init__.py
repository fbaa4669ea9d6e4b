"""Files into and out of datasets, many at a time, over connections that may break (docs/transfer.md)."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from era_client.errors import EraError
from era_client.paths import local_path
from era_client.transfer.link import linked
from era_client.transfer.outstanding import Outstanding
from era_client.transfer.placing import is_there
from era_client.transfer.receiving import Awaited, Receiver
from era_client.transfer.sending import Sender
from era_client.transfer.trying import Course, until_done
from era_client.transfer.words import (
    Failure,
    LocalFile,
    OnProgress,
    Progress,
    RemoteFile,
    Report,
    Server,
    TransferError,
)

__all__ = [
    "Failure",
    "LocalFile",
    "OnProgress",
    "Progress",
    "RemoteFile",
    "Report",
    "Server",
    "TransferError",
    "download",
    "listing",
    "upload",
]
PATIENCE = 120.0
"""Seconds without a byte that went through, until it gives up."""
LOOKED_AT_ONCE = 256


async def upload(
    server: Server,
    version: str,
    files: Iterable[LocalFile],
    *,
    on_progress: OnProgress | None = None,
    patience: float = PATIENCE,
) -> Report:
    """Send files into a draft. What goes wrong with single ones is in the report; raises TransferError for the rest."""
    course = Course(on_progress, patience)
    outstanding = Outstanding(files, course)

    async def attempt() -> bool:
        async with linked(server) as link:
            return await Sender(link, outstanding).run(version)

    if outstanding.todo:
        await until_done(attempt, course)
    return _report(course, outstanding.failures, outstanding.digests)


async def download(
    server: Server,
    reference: str,
    folder: Path,
    *,
    prefix: str = "",
    files: Sequence[RemoteFile] | None = None,
    on_progress: OnProgress | None = None,
    patience: float = PATIENCE,
) -> Report:
    """Bring files of a version into a folder: those given, or all that begin with `prefix`.

    What is there already, whole or in part, does not come again. Raises TransferError.
    """
    if files is None:
        files = await listing(server, reference, prefix=prefix, patience=patience)
    course = Course(on_progress, patience)
    course.progress.files, course.progress.bytes = len(files), sum(file.size for file in files)
    awaited = Awaited(course)
    for start in range(0, len(files), LOOKED_AT_ONCE):
        await asyncio.to_thread(_look, awaited, files[start : start + LOOKED_AT_ONCE], folder)
        course.moved()

    async def attempt() -> bool:
        async with linked(server) as link:
            return await Receiver(link, awaited, reference).run()

    if awaited.todo:
        await until_done(attempt, course)
    return _report(course, awaited.failures, awaited.digests)


async def listing(server: Server, reference: str, *, prefix: str = "", patience: float = PATIENCE) -> list[RemoteFile]:
    """The files of a version whose paths begin with `prefix`. Raises TransferError."""
    course, found = Course(None, patience), list[RemoteFile]()

    async def attempt() -> bool:
        async with linked(server) as link:
            while True:
                after = found[-1].path if found else ""
                await link.say("list", id=link.next_id(), reference=reference, prefix=prefix, after=after)
                answer, _content = await link.receive()
                if answer["op"] != "files":
                    raise TransferError(answer.get("code", "protocol"), answer.get("detail", ""))
                found.extend(RemoteFile(file["path"], file["size"], file["sha256"]) for file in answer["files"])
                course.moved()
                if answer["next"] is None:
                    return True

    await until_done(attempt, course)
    return found


def _look(awaited: Awaited, files: Sequence[RemoteFile], folder: Path) -> None:
    """In a thread: which of the files have to come, and where they go."""
    progress = awaited.course.progress
    for file in files:
        try:
            place = local_path(folder, file.path)
        except EraError as error:
            awaited.failures.append(Failure(file.path, "unwritable", str(error)))
            continue
        if is_there(file, place):
            awaited.digests[file.path] = file.sha256
            progress.files_done, progress.bytes_done = progress.files_done + 1, progress.bytes_done + file.size
        else:
            awaited.add(file, place)


def _report(course: Course, failures: list[Failure], digests: dict[str, str]) -> Report:
    progress = course.progress
    course.tell(at_once=True)
    return Report(
        progress.files_done,
        progress.bytes_done,
        progress.sent,
        progress.breaks,
        course.seconds,
        tuple(failures),
        digests,
    )
