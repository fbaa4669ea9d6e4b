"""Reads zip and tar.gz archives from strangers, entry by entry; refuses everything but plain files and folders.

One reader serves both the check at upload and the unpacking, so what was checked is what is unpacked.
Real bytes are counted as they come; what an archive says of its sizes is believed only to refuse it.
"""

import gzip
import io
import lzma
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from django.utils.translation import gettext as _

CHUNK = 256 * 1024
LONGEST_PATH, LONGEST_NAME = 1024, 255
TAR_BLOCK = 512
TAR_LONGEST_READ = 1024 * 1024
ZIP_INDEX_LEAST, ZIP_INDEX_ENTRY = 1024 * 1024, 512
"""A zip's index is read at once, and may have so many bytes, and so many more for each entry allowed."""
ZIP, TAR_GZ = "zip", "tar.gz"
_CONTROL, _HALF_LETTER = re.compile(r"[\x00-\x1f\x7f]"), re.compile("[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_ZIP_END, _ZIP64_LOCATOR, _ZIP_ENTRY = b"PK\x05\x06", b"PK\x06\x07", b"PK\x01\x02"
_ZIP_END_SIZE, _ZIP64_LOCATOR_SIZE, _ZIP_LONGEST_COMMENT = 22, 20, 0xFFFF
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    UnicodeError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RecursionError,
)


class Refused(Exception):
    """What is wrong with the archive, naming the entry: for the one who uploaded it."""


@dataclass(frozen=True)
class Limits:
    """Most bytes unpacked, and most entries."""

    unpacked: int
    entries: int


@dataclass(frozen=True)
class Entry:
    """A file or folder. `path` is relative, clean and unique; `content` is there until the next entry is asked for."""

    path: str
    is_folder: bool
    executable: bool
    content: IO[bytes] | None


def format_of(file: IO[bytes]) -> str:
    """By content, never by name. Raises Refused if it is neither."""
    file.seek(0)
    head = file.read(4)
    if head[:2] == b"\x1f\x8b":
        return TAR_GZ
    if head in (b"PK\x03\x04", _ZIP_END):
        return ZIP
    raise Refused(_("This is neither a zip nor a tar.gz archive."))


def entries(file: IO[bytes], limits: Limits) -> Iterator[Entry]:
    """All entries in order, checked. Raises Refused at the first that is not acceptable."""
    read = {ZIP: _zip_entries, TAR_GZ: _tar_entries}[format_of(file)]
    file.seek(0)
    with _broken_is_refused():
        yield from read(file, _Ledger(limits))


@dataclass
class _Ledger:
    """What has been seen of an archive so far."""

    limits: Limits
    unpacked: int = 0
    entries: int = 0
    kinds: dict[str, str] = field(default_factory=dict)
    """Folded path → "file", "folder", or "parent" of something."""

    def enter(self, name: str, *, is_folder: bool, declared: int) -> str:
        """The clean path of an entry, "" for the archive's own root."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise Refused(_("There are more than {limit} entries.").format(limit=self.limits.entries))
        path = clean_path(name)
        if path:
            self._check_unique(path, name, is_folder)
        if declared < 0 or self.unpacked + declared > self.limits.unpacked:
            raise self.too_large(name)
        return path

    def count(self, name: str, size: int) -> None:
        self.unpacked += size
        if self.unpacked > self.limits.unpacked:
            raise self.too_large(name)

    def too_large(self, name: str) -> Refused:
        limit = self.limits.unpacked // (1024 * 1024)
        return Refused(_("Unpacked it is larger than {limit} MiB, at {entry}.").format(limit=limit, entry=shown(name)))

    def _check_unique(self, path: str, name: str, is_folder: bool) -> None:
        parts = fold(path).split("/")
        for depth in range(1, len(parts)):
            if self.kinds.setdefault("/".join(parts[:depth]), "parent") == "file":
                raise Refused(_("{entry} lies in what is a file.").format(entry=shown(name)))
        own, there = fold(path), self.kinds.get(fold(path))
        if there == "file" or (there and not is_folder) or there == "folder":
            raise Refused(_("{entry} is there twice, or differs from another only in case.").format(entry=shown(name)))
        self.kinds[own] = "folder" if is_folder else "file"


def clean_path(name: str) -> str:
    """The name without "./", doubled and trailing slashes. Raises Refused if it could lead anywhere else."""
    problem = _problem_with(name)
    if problem:
        raise Refused(_("{entry}: {problem}").format(entry=shown(name), problem=problem))
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _problem_with(name: str) -> str:
    parts = name.split("/")
    if not name or _CONTROL.search(name):
        return _("a name with control characters, or none at all.")
    if _HALF_LETTER.search(name):
        return _("a name that is not UTF-8.")
    if name.startswith("/") or _DRIVE.match(name) or "\\" in name:
        return _("not a relative path with forward slashes.")
    if ".." in parts:
        return _("the path leads out of the archive.")
    size = len(name.encode())
    if size > LONGEST_PATH or (size > LONGEST_NAME and any(len(part.encode()) > LONGEST_NAME for part in parts)):
        return _("the path is too long.")
    return ""


def fold(path: str) -> str:
    """Paths that some file system takes for the same fold to the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def shown(name: str) -> str:
    return repr(name if len(name) <= 120 else name[:117] + "...")


@contextmanager
def _broken_is_refused() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise Refused(_("The archive is damaged: {error}").format(error=str(error)[:200])) from error


class _Counting(io.RawIOBase):
    """An entry's content, every byte of it counted. Raises Refused when it is too large or damaged."""

    def __init__(self, source: IO[bytes], name: str, ledger: _Ledger) -> None:
        self._source, self._name, self._ledger = source, name, ledger

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        with _broken_is_refused():  # whoever reads is outside of the reader that made this
            chunk = self._source.read(len(buffer))
        self._ledger.count(self._name, len(chunk))
        buffer[: len(chunk)] = chunk
        return len(chunk)


# --- zip ----------------------------------------------------------------------------------------


def _zip_entries(file: IO[bytes], ledger: _Ledger) -> Iterator[Entry]:
    _check_zip_index(file, ledger.limits)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            name, mode = info.orig_filename, info.external_attr >> 16
            is_folder = name.endswith("/")
            path = ledger.enter(name, is_folder=is_folder, declared=info.file_size)
            _check_zip_kind(info, name, mode, is_folder)
            if is_folder:
                yield from _folder(path)
                continue
            if info.header_offset < 0:  # what an index in the wrong place comes to; the file can't be sought there
                raise zipfile.BadZipFile(_("its index names bytes before its beginning"))
            with archive.open(info) as content:
                yield Entry(path, False, bool(mode & stat.S_IXUSR), _counted(content, name, ledger))


def _check_zip_index(file: IO[bytes], limits: Limits) -> None:
    """Count the index's entries before `zipfile` makes an object of each."""
    size = file.seek(0, io.SEEK_END)
    tail_at = max(0, size - _ZIP_END_SIZE - _ZIP_LONGEST_COMMENT - _ZIP64_LOCATOR_SIZE)
    file.seek(tail_at)
    tail = file.read()
    end = tail.rfind(_ZIP_END)
    if end < 0:
        raise zipfile.BadZipFile(_("it has no index; was it cut off?"))
    if tail[max(0, end - _ZIP64_LOCATOR_SIZE) : end].startswith(_ZIP64_LOCATOR):
        raise Refused(_("The zip archive is in the ZIP64 format, which so small an archive doesn't need."))
    index_size = int.from_bytes(tail[end + 12 : end + 16], "little")
    if index_size > ZIP_INDEX_LEAST + limits.entries * ZIP_INDEX_ENTRY:
        raise Refused(_("The zip archive's index is too large, with {size} bytes.").format(size=index_size))
    file.seek(max(0, tail_at + end - index_size))
    if file.read(index_size).count(_ZIP_ENTRY) > limits.entries:
        raise Refused(_("There are more than {limit} entries.").format(limit=limits.entries))
    file.seek(0)


def _check_zip_kind(info: zipfile.ZipInfo, name: str, mode: int, is_folder: bool) -> None:
    if info.flag_bits & 0x2041:
        raise Refused(_("{entry} is encrypted.").format(entry=shown(name)))
    if info.compress_type not in _ZIP_METHODS:
        raise Refused(_("{entry} is compressed in a way that can't be read here.").format(entry=shown(name)))
    if stat.S_IFMT(mode) not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        raise Refused(_("{entry} is neither a plain file nor a folder.").format(entry=shown(name)))
    if is_folder and info.file_size:
        raise Refused(_("{entry} is a folder with content of its own.").format(entry=shown(name)))


# --- tar.gz -------------------------------------------------------------------------------------


def _tar_entries(file: IO[bytes], ledger: _Ledger) -> Iterator[Entry]:
    with gzip.GzipFile(fileobj=file) as unzipped:
        source = _Forward(unzipped, ledger)
        with tarfile.open(fileobj=source, mode="r:", errorlevel=2, encoding="utf-8") as archive:
            for member in archive:
                path = ledger.enter(member.name, is_folder=member.isdir(), declared=member.size)
                yield from _tar_entry(archive, member, path, ledger)
                archive.members.clear()  # type: ignore[attr-defined]  # it would remember each of them
        source.check_rest()


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, ledger: _Ledger) -> Iterator[Entry]:
    if member.isdir() and not member.size:
        yield from _folder(path)
    elif member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse() and path:
        content = archive.extractfile(member)
        assert content is not None
        yield Entry(path, False, bool(member.mode & stat.S_IXUSR), _counted(content, member.name, ledger))
    else:
        raise Refused(_("{entry} is neither a plain file nor a folder.").format(entry=shown(member.name)))


class _Forward(io.RawIOBase):
    """The tar inside a gzip, read forwards only, so that no header makes us read much at once, again, or for ever."""

    def __init__(self, unzipped: gzip.GzipFile, ledger: _Ledger) -> None:
        self._unzipped, self._at = unzipped, 0
        # Each entry has headers and padding besides its bytes; long names bring a few more blocks.
        self._most = ledger.limits.unpacked + ledger.limits.entries * 16 * TAR_BLOCK
        self._too_large = ledger.too_large("tar")

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= TAR_LONGEST_READ:
            raise tarfile.ReadError(_("it has a header of {size} bytes").format(size=size))
        chunk = self._unzipped.read(size)
        self._at += len(chunk)
        if self._at > self._most:
            raise self._too_large
        return chunk

    def tell(self) -> int:
        return self._at

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or position < self._at:
            raise tarfile.ReadError(_("its parts overlap"))
        while self._at < position:
            if not self.read(min(position - self._at, CHUNK)):
                raise tarfile.ReadError(_("it was cut off"))
        return self._at

    def check_rest(self) -> None:
        """What follows the end of the tar must be padding, or it would be something that nobody looked at."""
        while chunk := self.read(CHUNK):
            if chunk.strip(b"\0"):
                raise tarfile.ReadError(_("something follows its end"))


def _folder(path: str) -> Iterator[Entry]:
    if path:
        yield Entry(path, True, True, None)


def _counted(content: IO[bytes], name: str, ledger: _Ledger) -> IO[bytes]:
    return io.BufferedReader(_Counting(content, name, ledger), CHUNK)
