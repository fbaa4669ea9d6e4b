"""The folders that both engines use: of jobs, of volumes, and the list of instances, all on shared storage."""

import os
import re
import shutil
from pathlib import Path

from django.conf import settings

from era_platform.common import storage
from jobs.engines.base import EngineError, InstanceSpec

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def job_user(organization_id: int) -> tuple[int, int]:
    """User and group that jobs of an organization run as: its own where the platform is root, else the platform's."""
    if os.geteuid() != 0:
        return os.getuid(), os.getgid()
    number = settings.ERA_JOB_UID_BASE + organization_id
    return number, number


def make_ready(spec: InstanceSpec) -> None:
    """Make the job's folders, and give its user those that it may write. In its inputs there is an empty folder for
    each dataset, to mount it on: there, nothing can be made once the inputs are mounted read-only."""
    try:
        for folder in (spec.inputs, *(spec.inputs / dataset.path for dataset in spec.datasets)):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for folder in (spec.code, spec.outputs):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            if os.geteuid() == 0:
                _give(folder, *job_user(spec.organization_id))
                folder.chmod(0o750)
    except OSError as error:
        raise EngineError(f"The job's folders can't be made ready: {error}.") from error


def link_datasets(spec: InstanceSpec) -> None:
    """Where nothing can be mounted: a link in the place of each dataset's empty folder."""
    try:
        for dataset in spec.datasets:
            place = spec.inputs / dataset.path
            if not place.is_symlink():
                place.rmdir()
                place.symlink_to(dataset.source, target_is_directory=True)
    except OSError as error:
        raise EngineError(f"The job's datasets can't be linked: {error}.") from error


def make_outputs(spec: InstanceSpec) -> None:
    """Make the folder that only this attempt writes to, unless it was made with the others."""
    try:
        if not spec.outputs.exists():
            spec.outputs.mkdir(mode=0o750, parents=True)
            if os.geteuid() == 0:
                os.chown(spec.outputs, *job_user(spec.organization_id))
    except OSError as error:
        raise EngineError(f"The attempt's outputs can't be made: {error}.") from error


def _give(folder: Path, uid: int, gid: int) -> None:
    # By open folders and without following links: an earlier attempt may have left some.
    for _, folders, files, opened in os.fwalk(folder):
        os.chown(opened, uid, gid)
        for name in (*folders, *files):
            os.chown(name, uid, gid, dir_fd=opened, follow_symlinks=False)


def list_instance(name: str, attempt: Path) -> None:
    """Note that there is an instance of this name."""
    link = _instances() / _checked(name)
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(attempt)
    except FileExistsError:
        pass
    except OSError as error:
        raise EngineError(f"The instance can't be listed: {error}.") from error


def is_listed(name: str) -> bool:
    return (_instances() / _checked(name)).is_symlink()


def listed_instances() -> list[str]:
    try:
        return sorted(link.name for link in _instances().iterdir())
    except FileNotFoundError:
        return []


def unlist_instance(name: str) -> None:
    (_instances() / _checked(name)).unlink(missing_ok=True)


def create_volume(name: str) -> Path:
    """A folder that outlives instances, closed to other users."""
    folder = storage.root() / "volumes" / _checked(name)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"The volume can't be made: {error}.") from error
    return folder


def delete_volume(name: str) -> None:
    try:
        shutil.rmtree(storage.root() / "volumes" / _checked(name))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EngineError(f"The volume can't be deleted: {error}.") from error


def _instances() -> Path:
    return storage.root() / "instances"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise EngineError(f"{name!r} can't be the name of an instance or a volume.")
    return name
