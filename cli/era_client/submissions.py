"""Submissions whose answer has not come yet, kept on disk: sent again with the same key, nothing is bought twice."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from era_client import profiles
from era_client.errors import ApiError, LocalError, NetworkError, ServerError, UsageError
from era_client.jobs import Jobs, new_key
from era_client.models import Batch, Job, Limits
from era_client.packing import Packed, describe, pack

REQUEST = "request.json"
KEPT_SECONDS = 7 * 86_400


@dataclass(frozen=True)
class Submission:
    """A request with its key. `archive` is the code, which for a batch is sent before it."""

    key: str
    body: dict[str, Any]
    archive: Path | None = None
    is_batch: bool = False

    @property
    def folder(self) -> Path:
        return _folder() / self.key

    def send(self, jobs: Jobs) -> Job | Batch:
        """What the platform answers. Kept for later if no answer comes, forgotten once one has."""
        try:
            answer = self._sent(jobs)
        except (NetworkError, ServerError) as error:
            error.hint = (
                f"It is not known whether it was bought. To ask without buying twice: era submit --again {self.key}"
            )
            raise
        except ApiError:
            self.forget()
            raise
        self.forget()
        return answer

    def _sent(self, jobs: Jobs) -> Job | Batch:
        if not self.is_batch:
            return jobs.send(self.body, archive=self.archive, key=self.key)
        body = self.body
        if self.archive is not None:
            body = body | {"template": body["template"] | {"code": jobs.send_code(self.archive)}}
        return jobs.send_batch(body, key=self.key)

    def keep(self) -> None:
        archive = str(self.archive) if self.archive else None
        kept = {"body": self.body, "archive": archive, "is_batch": self.is_batch}
        profiles.write_private(self.folder / REQUEST, json.dumps(kept))

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def begin(
    body: dict[str, Any], code: Path | None, limits: Callable[[], Limits], *, key: str = "", is_batch: bool = False
) -> tuple[Submission, Packed | None]:
    """Pack the code and keep all of it on disk, before anything is sent. Raises LocalError."""
    sweep_old()
    chosen = _checked(key or new_key())
    bare = Submission(chosen, body, None, is_batch)
    try:
        packed = _packed(code, bare.folder, limits()) if code is not None else None
        whole = Submission(chosen, body, packed.path if packed else None, is_batch)
        whole.keep()
    except BaseException:
        bare.forget()
        raise
    return whole, packed


def find(key: str) -> Submission:
    """One that was kept. Raises UsageError."""
    try:
        kept = json.loads((_folder() / _checked(key) / REQUEST).read_text(encoding="utf-8"))
        archive = Path(kept["archive"]) if kept["archive"] else None
        return Submission(key, kept["body"], archive, kept["is_batch"])
    except (OSError, ValueError, KeyError) as error:
        waiting = ", ".join(sorted(one.name for one in _kept())) or "none"
        raise UsageError(f"No submission {key!r} waits for an answer; there are: {waiting}.") from error


def sweep_old() -> None:
    """Those that nobody asked about for a week."""
    for folder in _kept():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _checked(key: str) -> str:
    """It names a folder, too. Raises UsageError."""
    if not all(letter.isalnum() or letter in "-_." for letter in key) or key.startswith("."):
        raise UsageError(f"{key!r} is not a key: use letters, digits, hyphens and underscores.")
    return key


def _packed(code: Path, folder: Path, limits: Limits) -> Packed:
    profiles.private_folder(folder)
    if code.is_dir():
        return pack(code, folder / f"{code.resolve().name or 'code'}.tar.gz", limits)
    if not code.is_file():
        raise LocalError(f"There is no folder or archive {code} to send as code.")
    if code.stat().st_size > limits.code_bytes:
        raise LocalError(f"{code} has {code.stat().st_size:,} bytes; at most {limits.code_bytes:,} are taken as code.")
    return describe(Path(shutil.copyfile(code, folder / code.name)))


def _folder() -> Path:
    return profiles.state_folder() / "submissions"


def _kept() -> list[Path]:
    folder = _folder()
    return [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
