"""Jobs, their logs and their outputs."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from era_client import logs
from era_client.downloads import Progress, fetch
from era_client.errors import NetworkError, NotFound, ServerError, UsageError
from era_client.http import Connection, segment
from era_client.logs import LogEvent, LogText
from era_client.models import Batch, Job, Limits, OutputFile, Version
from era_client.packing import pack
from era_client.paths import local_path
from era_client.reading import read
from era_client.spec import JobSpec

KEY = "Idempotency-Key"
LAST = "last"
SHORTEST_PREFIX = 4
LOOKED_AT = 200
"""Among so many of the newest jobs the beginning of an id is looked for."""
SLOWEST = 5.0
SAME_TIME = 0.01
"""Seconds: what a time may differ from itself after a file system has kept it."""


def new_key() -> str:
    """A key for one submission, however often it is sent."""
    return f"era-{uuid.uuid4()}"


class Jobs:
    """`client.jobs`."""

    def __init__(self, connection: Connection, limits: Callable[[], Limits]) -> None:
        self._connection, self._limits = connection, limits

    # --- submit ------------------------------------------------------------------------------------

    def submit(self, spec: JobSpec, *, code: Path | str | None = None, key: str = "") -> Job:
        """Submit it. The answer binds: `reserved`, or `rejected` with a reason and alternatives.

        `code` is a folder (packed as `.eraignore` says) or an archive. `key` makes it safe to send the same again:
        one is made where none is given, so that what breaks on the way is sent again without buying twice.
        """
        with ExitStack() as stack:
            archive = self._archive(Path(code), stack) if code is not None else None
            return self.send(spec.body(), archive=archive, key=key or new_key())

    def send(self, body: Mapping[str, Any], *, archive: Path | None = None, key: str) -> Job:
        """Submit a request as the API takes it, with an archive of code."""
        headers = {KEY: key}
        if archive is None:
            return read(Job, self._connection.call("POST", "jobs", json=dict(body), headers=headers, again=True))
        form = {name: _as_text(value) for name, value in body.items()}

        def send() -> Any:
            with archive.open("rb") as file:
                files = {"code": (archive.name, file, "application/octet-stream")}
                return self._connection.session.post("jobs", data=form, files=files, headers=headers)

        return read(Job, self._connection.insist(send, may=True).json())

    def submit_sweep(
        self,
        spec: JobSpec,
        sweep: Mapping[str, Sequence[str]],
        *,
        mode: str = "all_or_nothing",
        code_id: str = "",
        key: str = "",
    ) -> Batch:
        """One job of each combination of the parameters; `{parameter}` is filled in in name, command and env."""
        template = spec.body() | ({"code": code_id} if code_id else {})
        body = {"template": template, "sweep": dict(sweep), "mode": mode}
        return self.send_batch(body, key=key or new_key())

    def send_code(self, archive: Path) -> str:
        """Have an archive of code kept for later jobs; its id. The same bytes give the same id."""

        def send() -> Any:
            with archive.open("rb") as file:
                return self._connection.session.post("jobs/code", files={"code": (archive.name, file)})

        return str(self._connection.insist(send, may=True).json()["id"])

    def send_batch(self, body: Mapping[str, Any], *, key: str) -> Batch:
        return read(Batch, self._connection.call("POST", "jobs/batch", json=dict(body), headers={KEY: key}, again=True))

    def _archive(self, code: Path, stack: ExitStack) -> Path:
        if code.is_file():
            return code
        workshop = Path(stack.enter_context(TemporaryDirectory(prefix="era-")))
        return pack(code, workshop / f"{code.resolve().name or 'code'}.tar.gz", self._limits()).path

    # --- look --------------------------------------------------------------------------------------

    def list(self, *, most: int | None = None, **filters: Any) -> Iterator[Job]:
        """The newest first. `filters` are those of GET jobs: state, pool, search, batch, …"""
        size = min(most, LOOKED_AT) if most else None
        for number, row in enumerate(self._connection.pages("jobs", filters | {"page_size": size}), start=1):
            yield read(Job, row)
            if number == most:
                return

    def get(self, job: str) -> Job:
        return read(Job, self._connection.get(self._path(job)))

    def find(self, text: str) -> Job:
        """By its id, its beginning (4 letters or more), or `last` for the newest. Raises NotFound, UsageError."""
        if _is_id(text):
            return self.get(text.lower())
        if text == LAST:
            newest = next(self.list(most=1), None)
            if newest is None:
                raise NotFound(404, {"detail": "There are no jobs yet.", "code": "not_found"})
            return self.get(newest.id)
        return self.get(self._id_that_begins(text.lower()))

    def _id_that_begins(self, text: str) -> str:
        if len(text) < SHORTEST_PREFIX:
            raise UsageError(
                f"{text!r} is not an id: give it whole, at least its first {SHORTEST_PREFIX} letters, or last."
            )
        found = [job for job in self.list(most=LOOKED_AT) if job.id.startswith(text)]
        if not found:
            raise NotFound(
                404, {"detail": f"No job of the last {LOOKED_AT} begins with {text!r}.", "code": "not_found"}
            )
        if len(found) > 1:
            raise UsageError(f"{len(found)} jobs begin with {text!r}: {', '.join(job.id for job in found[:5])}.")
        return found[0].id

    def events(self, job: str) -> Iterator[dict[str, Any]]:
        return self._connection.pages(f"{self._path(job)}/events")

    def receipt(self, job: str) -> dict[str, Any]:
        """What the decision was made from, and what comes out when it is recomputed."""
        found: dict[str, Any] = self._connection.get(f"{self._path(job)}/receipt")
        return found

    def receipt_url(self, job: str) -> str:
        return f"{self._connection.session.base_url}{self._path(job)}/receipt"

    def cancel(self, job: str) -> Job:
        """Cancel it; `cancellation_quote` says what comes back. Doing it twice is the same as once."""
        return read(Job, self._connection.call("POST", f"{self._path(job)}/cancel", again=True))

    def cancellation_quote(self, job: str) -> dict[str, Any]:
        """What would come back if it were cancelled now: `price`, `paid`, `back`, `credit`, `at`."""
        found: dict[str, Any] = self._connection.get(f"{self._path(job)}/cancellation-quote")
        return found

    def wait(self, job: str, *, changed: Callable[[Job], None] = lambda _job: None) -> Job:
        """The job, once it is over and settled. `changed` is told whenever it was looked at.

        A platform that is away for less than five minutes is waited for.
        """
        pause_for, alive = 0.5, time.monotonic()
        while True:
            try:
                seen = self.get(job)
            except (NetworkError, ServerError):
                if time.monotonic() - alive > logs.PATIENCE:
                    raise
            else:
                alive = time.monotonic()
                changed(seen)
                if seen.is_over and (seen.paid is not None or seen.state == "rejected"):
                    return seen
            time.sleep(pause_for)
            pause_for = min(pause_for * 1.3, SLOWEST)

    # --- logs and outputs --------------------------------------------------------------------------

    def follow(self, job: str, *, offset: int = 0, patience: float = logs.PATIENCE) -> Iterator[LogEvent]:
        """The log live, with changes of state and breaks, until its end."""
        return logs.follow(self._connection, job, offset=offset, patience=patience)

    def log(self, job: str, *, offset: int = 0, follow: bool = False) -> Iterator[bytes]:
        """The log's bytes from `offset` on: what is there by now, or to its end."""
        if follow:
            yield from (event.data for event in self.follow(job, offset=offset) if isinstance(event, LogText))
            return
        while True:
            answer = self._connection.send("GET", f"{self._path(job)}/logs", params={"offset": offset})
            if not answer.content:
                return
            yield answer.content
            offset = int(answer.headers["X-Next-Offset"])

    def outputs(self, job: str) -> tuple[OutputFile, ...]:
        return tuple(read(OutputFile, row) for row in self._connection.pages(f"{self._path(job)}/outputs"))

    def fetch_output(
        self, job: str, file: OutputFile, folder: Path, *, progress: Progress = lambda _size: None
    ) -> Path:
        """Download it under `folder`, going on with what is there of it; where it is now.

        One that is there in the same size and with the same time is not fetched again.
        """
        target, written = local_path(folder, file.path), file.modified.timestamp()
        if not _is_there(target, file.size, written):
            fetch(self._connection, self._output_path(job, file.path), target, size=file.size, progress=progress)
            os.utime(target, (written, written))
        return target

    def read_output(self, job: str, path: str) -> bytes:
        """A small one, into memory."""
        return self._connection.send("GET", self._output_path(job, path)).content

    def keep_outputs(self, job: str, dataset: str, *, note: str = "", publish: bool = True) -> Version:
        """Make a version of the organization's dataset `dataset` from the job's outputs, without moving bytes."""
        body = {"dataset": dataset, "note": note, "publish": publish}
        path, headers = f"{self._path(job)}/outputs/dataset", {KEY: new_key()}
        return read(Version, self._connection.call("POST", path, json=body, headers=headers, again=True))

    def _path(self, job: str) -> str:
        return f"jobs/{segment(job)}"

    def _output_path(self, job: str, path: str) -> str:
        return f"{self._path(job)}/outputs/" + "/".join(segment(part) for part in path.split("/"))


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_there(path: Path, size: int, written: float) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return status.st_size == size and abs(status.st_mtime - written) < SAME_TIME


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
