"""The folder of one attempt: the files by which the platform and its runner talk (docs/engines.md lists them)."""

import fcntl
import json
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from era_platform.common import clock
from jobs.engines.base import EndReason, EngineError, Instance, Phase

_FLOCK = "hhqqi"  # struct flock on 64-bit Linux: type, whence, start, length, pid


@dataclass(frozen=True)
class Started:
    at: datetime


@dataclass(frozen=True)
class Ended:
    at: datetime
    code: int
    reason: EndReason


def as_told(name: str, started: Started | None, ended: Ended) -> Instance:
    """An instance that ended, in its runner's words."""
    interrupted = ended.reason is EndReason.INTERRUPTED
    return Instance(
        name,
        Phase.LOST if interrupted else Phase.EXITED,
        started.at if started else None,
        ended.at,
        ended.code,
        ended.reason,
        "Its machine went down." if interrupted else "",
    )


@dataclass(frozen=True)
class AttemptFolder:
    """Where an attempt has several instances they share it; `lock`, `started` and `exit` each has its own."""

    path: Path
    rank: int = 0

    def prepare(self, env: dict[str, str], nodes: int = 1) -> None:
        """Make the folder and what the runner reads in it. Whatever the attempt has already stays."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            if not (self.path / "control").exists():
                self._write_env(env)
                (self.path / "nodes").write_text(f"{nodes}\n")
                (self.path / "control").touch(mode=0o600)
        except OSError as error:
            raise EngineError(f"The attempt's folder can't be made: {error}.") from error

    def ranks(self) -> list["AttemptFolder"]:
        """The folder as each of the attempt's instances sees it."""
        try:
            nodes = int((self.path / "nodes").read_text())
        except FileNotFoundError:
            nodes = 1
        return [AttemptFolder(self.path, rank) for rank in range(nodes)]

    def say(self, line: str) -> None:
        """Tell the runner `go` or `stop SECONDS`. Lines are appended, so that a late go can't undo a stop."""
        try:
            with (self.path / "control").open("a") as control:
                control.write(line + "\n")
        except OSError as error:
            raise EngineError(f"The attempt's folder can't be written: {error}.") from error

    def said(self) -> frozenset[str]:
        """The words said so far: `go`, `stop`; and `created`, if the runner may be spoken to at all."""
        try:
            lines = (self.path / "control").read_text().splitlines()
        except FileNotFoundError:
            return frozenset()
        return frozenset({"created", *(line.split(" ")[0] for line in lines)})

    def said_at(self) -> datetime:
        """When something was said last."""
        try:
            return datetime.fromtimestamp((self.path / "control").stat().st_mtime, UTC)
        except FileNotFoundError:
            return clock.EPOCH

    def began(self) -> bool:
        """Whether the job's command began."""
        return self._own("started").exists()

    def started(self) -> Started | None:
        found = self._read("started")
        return Started(datetime.fromtimestamp(found["at"], UTC)) if found else None

    def ended(self) -> Ended | None:
        found = self._read("exit")
        if not found:
            return None
        return Ended(datetime.fromtimestamp(found["at"], UTC), int(found["code"]), EndReason(found["reason"]))

    def runner(self) -> int | None:
        """The id of the process that supervises the attempt; None if none does. 0 or less: it is elsewhere.

        Looks at its lock without taking it, for a runner that found it taken would not start.
        """
        try:
            with self._own("lock").open("rb+") as lock:
                asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(lock, fcntl.F_GETLK, asked))
        except FileNotFoundError:
            return None
        return None if kind == fcntl.F_UNLCK else pid

    def _own(self, name: str) -> Path:
        return self.path / (f"{name}.{self.rank}" if self.rank else name)

    def _write_env(self, env: dict[str, str]) -> None:
        for name, value in env.items():
            if not name or "=" in name or "\0" in name + value:
                raise EngineError(f"{name!r} can't be set in a job's environment.")
        content = "".join(f"{name}={value}\0" for name, value in env.items())
        target = os.open(self.path / "env", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(target, "w") as file:
            file.write(content)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._own(name).read_bytes())
        except FileNotFoundError:
            return {}
        return found
