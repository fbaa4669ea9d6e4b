"""Packs a folder of code as tar.gz: the same files give the same bytes, whoever packs them and when."""

import gzip
import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from era_client.errors import LocalError
from era_client.ignore import Found, rules, walk
from era_client.models import Limits
from era_client.paths import check_distinct
from era_client.sizes import count_of, show_size

LONG_AGO = 315_532_800  # 1980: zip archives, which some build from the files, know no earlier time
FILE, EXECUTABLE, FOLDER = 0o644, 0o755, 0o755
LARGEST_SHOWN = 3


@dataclass(frozen=True)
class Packed:
    """An archive on disk. `unpacked` is the size of its files together."""

    path: Path
    files: int
    unpacked: int
    size: int
    sha256: str

    def __str__(self) -> str:
        return f"{count_of(self.files, 'file')}, {show_size(self.unpacked)}, packed {show_size(self.size)}"


def collect(folder: Path, limits: Limits) -> list[Found]:
    """What of the folder goes along, in order of names. Raises LocalError, also for more than `limits` allow."""
    if not folder.is_dir():
        raise LocalError(f"{folder} is not a folder.")
    found: list[Found] = []
    for one in walk(folder, rules(folder)):
        found.append(one)
        if len(found) > limits.code_files:
            raise _too_much(folder, found, f"{len(found):,} files and more; at most {limits.code_files:,} are taken")
    files = [one for one in found if not one.is_folder]
    if not files:
        raise LocalError(f"{folder} has no files to send: everything in it is left out, or it is empty.")
    size = sum(one.size for one in files)
    if size > limits.code_unpacked_bytes:
        raise _too_much(folder, found, f"{show_size(size)}; at most {show_size(limits.code_unpacked_bytes)} are taken")
    check_distinct((one.name for one in found), folded=True)  # the platform takes no two that some system takes for one
    return sorted(found, key=lambda one: one.name.encode())


def pack(folder: Path, target: Path, limits: Limits) -> Packed:
    """Write the archive of `folder` to `target`. Raises LocalError."""
    found = collect(folder, limits)
    try:
        with target.open("wb") as file:
            _write(found, file)
    except OSError as error:
        raise LocalError(f"{folder} can't be packed: {error.strerror or error}.") from error
    packed = describe(target, found)
    check_size(packed.size, folder, found, limits)
    return packed


def check_size(size: int, folder: Path, found: Sequence[Found], limits: Limits) -> None:
    if size > limits.code_bytes:
        raise _too_much(
            folder, found, f"{show_size(size)} when packed; at most {show_size(limits.code_bytes)} are taken"
        )


def describe(archive: Path, found: Sequence[Found] = ()) -> Packed:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    files = [one for one in found if not one.is_folder]
    return Packed(archive, len(files), sum(one.size for one in files), archive.stat().st_size, digest)


def _write(found: Sequence[Found], file: IO[bytes]) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8") as archive,
    ):
        for one in found:
            _add(archive, one)


def _add(archive: tarfile.TarFile, one: Found) -> None:
    info = tarfile.TarInfo(one.name)
    info.mtime = LONG_AGO
    if one.is_folder:
        info.type, info.mode = tarfile.DIRTYPE, FOLDER
        archive.addfile(info)
        return
    info.mode = EXECUTABLE if one.executable else FILE
    with one.path.open("rb") as content:
        info.size = one.size
        try:
            archive.addfile(info, content)
        except OSError as error:
            raise LocalError(f"{one.path} changed while it was packed: try again.") from error


def _too_much(folder: Path, found: Sequence[Found], what: str) -> LocalError:
    largest = sorted(found, key=lambda one: one.size, reverse=True)[:LARGEST_SHOWN]
    names = ", ".join(f"{one.name} ({show_size(one.size)})" for one in largest)
    return LocalError(
        f"{folder} is too large to send as code: {what}.",
        code="code_too_large",
        hint=f"The largest are {names}. Leave out what isn't needed with .eraignore; data belongs in a dataset.",
    )
