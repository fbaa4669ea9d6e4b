"""A list of files as people look through it: one folder at a time."""

from dataclasses import dataclass, field

from jobs.outputs import OutputFile


@dataclass
class Folder:
    """One folder: its `path` ("" at the top), the ways up, what lies in it."""

    path: str
    crumbs: list[tuple[str, str]]
    folders: dict[str, list[int]] = field(default_factory=dict)
    files: list[tuple[str, OutputFile]] = field(default_factory=list)
    count: int = 0
    total: int = 0

    @property
    def inner(self) -> list[tuple[str, str, int, int]]:
        """Folders in this one: name, path, how many files below, their bytes."""
        return [
            (name, f"{self.path}/{name}".strip("/"), len(sizes), sum(sizes)) for name, sizes in self.folders.items()
        ]


def folder_of(files: list[OutputFile], path: str) -> Folder:
    """What of `files` lies in the folder `path`; the top where there is no such folder."""
    path = path.strip("/")
    prefix = f"{path}/" if path else ""
    if prefix and not any(file.path.startswith(prefix) for file in files):
        path = prefix = ""
    parts = path.split("/") if path else []
    found = Folder(path, [(part, "/".join(parts[: depth + 1])) for depth, part in enumerate(parts)])
    found.count, found.total = len(files), sum(file.size for file in files)
    for file in files:
        if file.path.startswith(prefix):
            name, slash, _rest = file.path[len(prefix) :].partition("/")
            if slash:
                found.folders.setdefault(name, []).append(file.size)
            else:
                found.files.append((name, file))
    return found
