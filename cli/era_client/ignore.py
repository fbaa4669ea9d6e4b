"""Which files of a folder go along: all but what `.eraignore` names, in the syntax of .gitignore."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from era_client.errors import LocalError
from era_client.paths import remote_name

NAME = ".eraignore"
ALWAYS = (
    ".git/",
    ".hg/",
    ".svn/",
    "__pycache__/",
    "*.py[cod]",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".venv/",
    "venv/",
    "node_modules/",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    NAME,
)
"""Left out unless `.eraignore` takes them back with `!`."""


@dataclass(frozen=True)
class Found:
    """A file, or a folder with nothing in it. `name` is what it is called over there."""

    name: str
    path: Path
    size: int
    is_folder: bool = False
    executable: bool = False


def rules(folder: Path, *, always: tuple[str, ...] = ALWAYS) -> GitIgnoreSpec:
    path = folder / NAME
    try:
        own = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path} can't be read: {error}.") from error
    try:
        return GitIgnoreSpec.from_lines([*always, *own])
    except ValueError as error:
        raise LocalError(f"{path} is not understood: {error}.") from error


def walk(folder: Path, spec: GitIgnoreSpec, *, empty_folders: bool = True) -> Iterator[Found]:
    """What goes along, in no order. Raises LocalError for links to folders, and for what is no plain file.

    As with git, what lies in a folder that is left out can't be taken back.
    """
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        count = 0
        for entry in _scan(inner):
            relative = Path(entry.path).relative_to(folder)
            shown = "/".join(relative.parts)
            count += 1
            if entry.is_dir(follow_symlinks=False):
                if not spec.match_file(shown + "/"):
                    waiting.append(Path(entry.path))
            elif not spec.match_file(shown):
                yield _file(entry, relative)
        if not count and inner != folder and empty_folders:
            yield Found(remote_name(inner.relative_to(folder)), inner, 0, is_folder=True)


def _scan(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise LocalError(f"{folder} can't be read: {error.strerror}.") from error


def _file(entry: "os.DirEntry[str]", relative: Path) -> Found:
    try:
        status = entry.stat()  # of what a link leads to
    except OSError as error:
        raise LocalError(f"{entry.path} can't be read: {error.strerror}. Leave it out with {NAME}.") from error
    if stat.S_ISDIR(status.st_mode):
        raise LocalError(f"{entry.path} is a link to a folder: put its content in its place, or name it in {NAME}.")
    if not stat.S_ISREG(status.st_mode):
        raise LocalError(f"{entry.path} is not a plain file: leave it out with {NAME}.")
    return Found(remote_name(relative), Path(entry.path), status.st_size, executable=_runs(entry, status))


def _runs(entry: "os.DirEntry[str]", status: os.stat_result) -> bool:
    if os.name != "nt":
        return bool(status.st_mode & stat.S_IXUSR)
    with Path(entry.path).open("rb") as file:  # Windows knows no such mode
        return file.read(2) == b"#!"
