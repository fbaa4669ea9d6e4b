"""Files as people look through them, one folder at a time; for versions of datasets and for what jobs wrote."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from datasets import kinds

MOST_LINES = 200
SORTS = ("name", "-name", "size", "-size")


class Addresses(Protocol):
    """Where the files of one place are looked at and fetched. A method gives "" where there is no such page."""

    def folder(self, path: str) -> str: ...
    def file(self, path: str) -> str: ...
    def download(self, path: str) -> str: ...
    def archive(self, path: str) -> str: ...
    def picture(self, path: str, side: str) -> str: ...


@dataclass(frozen=True)
class Found:
    """A file, or a folder with `files` files below it; `size` in bytes, of a folder of all of these."""

    path: str
    size: int
    files: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Line:
    """A line of the list, with its addresses."""

    found: Found
    shown: str
    url: str
    download: str = ""
    picture: str = ""

    @property
    def icon(self) -> str:
        return "folder" if self.found.files else kinds.icon_of(self.found.path)


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see: which folder, what in it, how ordered, and from which line on."""

    folder: str = ""
    search: str = ""
    sort: str = "name"
    start: int = 0

    @classmethod
    def of(cls, query: "dict[str, str]") -> "Asked":
        sort = query.get("sort", "")
        start = query.get("from", "")
        return cls(
            folder=query.get("folder", "").strip("/").replace("\0", "")[:1024],
            search=query.get("find", "").strip().replace("\0", "")[:120],
            sort=sort if sort in SORTS else "name",
            start=int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 0,
        )


@dataclass
class Folder:
    """One folder: its `path` ("" at the top), the ways up, what lies in it, and how much there is in all below."""

    path: str
    asked: Asked
    lines: list[Line] = field(default_factory=list)
    crumbs: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0
    total: int = 0
    archive: str = ""
    next_start: int = 0
    more: bool = False

    @property
    def pictures(self) -> list[Line]:
        return [line for line in self.lines if line.picture]

    @property
    def is_gallery(self) -> bool:
        """Most of the files are pictures, and worth more room than their names."""
        files = sum(not line.found.files for line in self.lines)
        return len(self.pictures) > files / 2


def folder_page(
    asked: Asked, found: Sequence[Found], addresses: Addresses, *, count: int, total: int, more: bool
) -> Folder:
    """`found` are the lines from `asked.start` on; `count` files of `total` bytes lie in the folder and below."""
    parts = asked.folder.split("/") if asked.folder else []
    return Folder(
        path=asked.folder,
        asked=asked,
        lines=[_line(each, addresses, asked) for each in found],
        crumbs=[(part, addresses.folder("/".join(parts[: depth + 1]))) for depth, part in enumerate(parts)],
        count=count,
        total=total,
        archive=addresses.archive(asked.folder),
        next_start=asked.start + len(found),
        more=more,
    )


def folder_of(files: Iterable[tuple[str, int]], asked: Asked, addresses: Addresses) -> Folder:
    """The same out of a list of all files: (path, size). The top, where there is no such folder."""
    within = _within(list(files), asked)
    prefix, below = within
    asked = asked if prefix or not asked.folder else Asked(sort=asked.sort, search=asked.search)
    lines = _matching(below, asked.search) if asked.search else _grouped(below, prefix)
    ordered = sorted(lines, key=_order(asked.sort), reverse=asked.sort.startswith("-"))
    ordered.sort(key=lambda each: not each.files)  # folders first; stable
    shown = ordered[asked.start : asked.start + MOST_LINES]
    return folder_page(
        asked,
        shown,
        addresses,
        count=len(below),
        total=sum(size for _path, size in below),
        more=len(ordered) > asked.start + MOST_LINES,
    )


def _within(files: list[tuple[str, int]], asked: Asked) -> tuple[str, list[tuple[str, int]]]:
    prefix = f"{asked.folder}/" if asked.folder else ""
    below = [file for file in files if file[0].startswith(prefix)]
    return (prefix, below) if below else ("", files)


def _matching(below: list[tuple[str, int]], search: str) -> list[Found]:
    return [Found(path, size) for path, size in below if search.casefold() in path.casefold()]


def _grouped(below: list[tuple[str, int]], prefix: str) -> list[Found]:
    folders: dict[str, list[int]] = {}
    found = []
    for path, size in below:
        name, slash, _rest = path[len(prefix) :].partition("/")
        if slash:
            folders.setdefault(prefix + name, []).append(size)
        else:
            found.append(Found(path, size))
    return [*(Found(path, sum(sizes), len(sizes)) for path, sizes in folders.items()), *found]


def _order(sort: str) -> Callable[[Found], tuple[int, str]]:
    return (lambda each: (each.size, each.path)) if "size" in sort else (lambda each: (0, each.path))


def _line(found: Found, addresses: Addresses, asked: Asked) -> Line:
    shown = found.path[len(asked.folder) :].lstrip("/") if asked.search else found.name
    if found.files:
        return Line(found, shown, addresses.folder(found.path), addresses.archive(found.path))
    is_picture = kinds.kind_by_name(found.path) == kinds.PICTURE
    return Line(
        found,
        shown,
        addresses.file(found.path),
        addresses.download(found.path),
        addresses.picture(found.path, "thumbnail") if is_picture else "",
    )
