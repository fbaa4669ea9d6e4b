"""Fetches a file over HTTP: gone on with where it broke off, put in its place only when it is whole."""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from era_client.errors import ApiError, DamagedTransfer, LocalError, NetworkError
from era_client.http import AGAIN, Connection, pause

PART = ".era-part"
_TAG = re.compile(r'"([0-9A-Za-z-]{1,80})"')

Progress = Callable[[int], None]
"""Told how many bytes are there now; less than before where it had to begin again."""


@dataclass
class _Download:
    """One file on its way. The ETag is in the part's name: what is there belongs to that version of the file."""

    connection: Connection
    path: str
    target: Path
    progress: Progress
    part: Path | None = None
    expected: int | None = None

    def find_part(self) -> None:
        pattern = re.compile(re.escape(self.target.name) + r"\.[0-9A-Za-z-]{1,80}" + re.escape(PART))
        parts = [one for one in self.target.parent.iterdir() if pattern.fullmatch(one.name)]
        self.part = max(parts, key=lambda one: one.stat().st_mtime, default=None)

    @property
    def there(self) -> int:
        return self.part.stat().st_size if self.part and self.part.exists() else 0

    def headers(self) -> dict[str, str]:
        if not self.part or not self.there:
            return {}
        tag = self.part.name.removesuffix(PART).rpartition(".")[2]
        return {"Range": f"bytes={self.there}-", "If-Range": f'"{tag}"'}

    def once(self) -> None:
        """Fetch what is missing."""
        try:
            with self.connection.stream(self.path, self.headers()) as response:
                self._take(response)
        except ApiError as error:
            if error.status != 416:
                raise
            self._begin_again()  # more was there than the file has
            with self.connection.stream(self.path, {}) as response:
                self._take(response)

    def _take(self, response: httpx.Response) -> None:
        if response.status_code != 206:
            self._begin_again()
            self.part = self.target.with_name(f"{self.target.name}.{_tag(response)}{PART}")
        assert self.part is not None
        size = self.there
        self.expected = size + int(response.headers.get("Content-Length", -size - 1))
        with self.part.open("ab") as file:
            for piece in response.iter_raw():
                file.write(piece)
                size += len(piece)
                self.progress(size)
        if self.expected >= 0 and size != self.expected:
            raise NetworkError(f"{self.path} broke off after {size:,} of {self.expected:,} bytes.")

    def _begin_again(self) -> None:
        if self.part:
            self.part.unlink(missing_ok=True)
        self.progress(0)


def fetch(
    connection: Connection,
    path: str,
    target: Path,
    *,
    size: int | None = None,
    sha256: str = "",
    progress: Progress = lambda _size: None,
) -> None:
    """Make `target` what is at `path`. `size` and `sha256`, where they are known, must fit.

    Raises ApiError, NetworkError when it broke off for good (what came is kept, to go on), DamagedTransfer, LocalError.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        download = _Download(connection, path, target, progress)
        download.find_part()
        _insist(download)
        _put_in_place(download, size, sha256)
    except OSError as error:
        raise LocalError(f"{target} can't be written: {error.strerror or error}.") from error


def _insist(download: _Download) -> None:
    """As long as each attempt brings something, and a few times where it doesn't."""
    attempt = 0
    while True:
        before = download.there
        try:
            return download.once()
        except ApiError as error:
            if error.status not in AGAIN:
                raise
            last: NetworkError | ApiError = error
        except NetworkError as error:
            last = error
        attempt = 1 if download.there > before else attempt + 1
        if attempt >= download.connection.attempts:
            raise last
        time.sleep(pause(attempt))


def _put_in_place(download: _Download, size: int | None, sha256: str) -> None:
    part, target = download.part, download.target
    assert part is not None
    there = part.stat().st_size
    if size is not None and there != size:
        part.unlink()
        raise DamagedTransfer(f"{target.name}: {there:,} bytes came, and {size:,} were announced. Was it just changed?")
    if sha256 and digest_of(part) != sha256:
        part.unlink()
        raise DamagedTransfer(f"{target.name}: what came is not what is kept there (SHA-256 differs). Fetch it again.")
    part.replace(target)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tag(response: httpx.Response) -> str:
    found = _TAG.fullmatch(response.headers.get("ETag", ""))
    return found.group(1) if found else "unknown"
