"""A published version as a folder for jobs, made of hard links to the stored files, so that no byte is copied."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from datasets import store
from datasets.models import Version
from datasets.services import manifests
from era_platform.common.scopes import unscoped

FOLDER = 0o755
ASIDE = ".making-"


class DamagedStore(Exception):
    """A stored file of a version is missing: `manage.py check_datasets` says which are."""


@unscoped
def materialise(version: Version) -> Path:
    """The folder, whole. Made if it isn't there, or if something in it is missing or of another size.

    Several may do this at once; all get the same folder. Raises StorageFull, or DamagedStore.
    """
    path = store.tree_path(version.organization_id, version.pk)
    if is_whole(path, version):
        return path
    trees = store.made(version.organization_id, "trees")
    with store.fullness_is_told():
        workshop = Path(tempfile.mkdtemp(prefix=ASIDE, dir=trees))
        try:
            _build(workshop / "tree", version)
            _put(workshop / "tree", path, version)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    return path


@unscoped
def is_whole(path: Path, version: Version) -> bool:
    """Whether the folder has each of the version's files, in its size, and nothing else."""
    if not path.is_dir():
        return False
    there = dict(_files(str(path), ""))
    wanted = {name: size for name, _digest, size in manifests.rows(version.pk)}
    return there == wanted


def _build(root: Path, version: Version) -> None:
    made: set[str] = set()
    sources: dict[str, str] = {}
    """Digest → the copy to link, where the stored file has as many links as it can have."""
    _make_folder(str(root), made)
    for path, digest, _size in manifests.rows(version.pk):
        target = f"{root}/{path}"
        _make_folder(os.path.dirname(target), made)  # noqa: PTH120 (called for each file)
        source = sources.get(digest) or str(store.blob_path(version.organization_id, digest))
        if _link(source, target) == target:
            sources[digest] = target


def _link(source: str, target: str) -> str:
    """What has the bytes now for the next one: `source`, or the copy that was made at `target`."""
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        raise DamagedStore(source) from error
    except OSError as error:
        if error.errno != errno.EMLINK:
            raise
        shutil.copyfile(source, target)
        os.chmod(target, store.READ_ONLY)  # noqa: PTH101
        return target
    return source


def _make_folder(folder: str, made: set[str]) -> None:
    missing = []
    while folder not in made and not os.path.isdir(folder):  # noqa: PTH112
        missing.append(folder)
        folder = os.path.dirname(folder)  # noqa: PTH120
    for one in reversed(missing):
        os.mkdir(one)  # noqa: PTH102
        os.chmod(one, FOLDER)  # noqa: PTH101
        made.add(one)


def _put(tree: Path, path: Path, version: Version) -> None:
    """Rename it to where it belongs, unless somebody else was quicker; what is damaged there goes aside first."""
    while True:
        try:
            tree.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
        if is_whole(path, version):
            return
        # Jobs may have it mounted: it is swept when they are long over.
        _aside(path)


def _aside(path: Path) -> None:
    try:
        path.rename(path.with_name(f"{ASIDE}{path.name}-{os.urandom(4).hex()}"))
    except FileNotFoundError:
        return  # somebody else did


def _files(folder: str, prefix: str) -> Iterator[tuple[str, int]]:
    """(path, size) of all plain files; -1 as the size of what is none."""
    waiting = [(folder, prefix)]
    while waiting:
        at, before = waiting.pop()
        with os.scandir(at) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{before}{entry.name}/"))
                else:
                    status = entry.stat(follow_symlinks=False)
                    yield before + entry.name, status.st_size if stat.S_ISREG(status.st_mode) else -1
