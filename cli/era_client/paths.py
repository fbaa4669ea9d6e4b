"""Names on the platform and paths on this machine: a name has forward slashes and is the same wherever it was made.

What can't be named over there, and what can't be kept here, is refused before anything is sent or written.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import TypeVar

from era_client.errors import LocalError

LONGEST_NAME, LONGEST_PATH = 255, 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_WINDOWS_FORBIDS = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_WINDOWS_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)

P = TypeVar("P", bound=PurePath)


def remote_name(relative: PurePath) -> str:
    """What a file at `relative` to the folder that is sent is called over there. Raises LocalError."""
    if relative.is_absolute() or relative.drive or relative.root or ".." in relative.parts:
        raise LocalError(f"{str(relative)!r} lies outside of the folder that is sent.")
    # On macOS names may come taken apart, é as e and an accent; the same file must have the same name everywhere.
    name = unicodedata.normalize("NFC", "/".join(relative.parts))
    if problem := problem_with(name):
        raise LocalError(f"{str(relative)!r} can't be sent: {problem}. Rename it, or leave it out with .eraignore.")
    return name


def problem_with(name: str) -> str:
    """Why the platform would not take a file of this name; empty where it would."""
    parts = name.split("/")
    if not all(part not in ("", ".", "..") for part in parts):
        return "it is not a plain relative path"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "its name has control characters"
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return "its name is not UTF-8"
    if "\\" in name:
        return "its name has a backslash"
    if _DRIVE.match(name):
        return "its name begins like a drive"
    if len(name.encode()) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in parts):
        return "its name is too long"
    return ""


def local_path(root: P, name: str) -> P:
    """Where the file `name` is kept under `root`, never outside. By the rules of Windows if `root` is such a path.

    Raises LocalError for what would lead elsewhere, or can't be a name here.
    """
    if problem := problem_with(name):
        raise LocalError(f"The platform named a file {name!r:.200}, which is not safe to write: {problem}.")
    if isinstance(root, PureWindowsPath):
        for part in name.split("/"):
            if problem := _windows_problem(part):
                raise LocalError(f"{name!r} can't be kept on Windows: {problem}.", code="name_not_possible_here")
    return root.joinpath(*name.split("/"))


def _windows_problem(part: str) -> str:
    if found := _WINDOWS_FORBIDS.search(part):
        return f"names can't have {found.group()!r}"
    if part.endswith((".", " ")):
        return "names can't end in a dot or a space"
    stem = part.partition(".")[0].rstrip()  # NUL.txt is the device, too
    return f"{part!r} is the name of a device" if _WINDOWS_DEVICES.fullmatch(stem) else ""


def fold(name: str) -> str:
    """Names that some file system takes for the same fold to the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_distinct(names: Iterable[str], *, folded: bool | None = None) -> None:
    """Raises LocalError for two names that are one file here. `folded`: whether case doesn't count (by the system)."""
    if not (os.name == "nt" or sys.platform == "darwin" if folded is None else folded):
        return
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(fold(name), name)
        if other != name:
            raise LocalError(
                f"{other!r} and {name!r} differ only in case: they can't both be kept here.",
                code="name_not_possible_here",
                hint="Fetch them one by one, into different folders.",
            )


def prefix_of(text: str) -> str:
    """A part of a dataset, however it was typed: `train\\a` on Windows, `train/a/`, `./train/a`."""
    typed = PureWindowsPath(text) if os.name == "nt" else PurePosixPath(text)
    if typed.is_absolute() or typed.drive or ".." in typed.parts:
        raise LocalError(f"{text!r} is not a path inside the dataset.")
    return "/".join(typed.parts)
