"""Where bytes live under ERA_STORAGE_ROOT, and how a path that a user gave is kept inside its folder."""

from pathlib import Path
from uuid import UUID

from django.conf import settings

from era_platform.common.errors import NotFound


def root() -> Path:
    return Path(settings.ERA_STORAGE_ROOT)


def job_folder(job_id: UUID) -> Path:
    """All that one job has: `code/ input/ outputs/<n>/ attempts/<n>/`."""
    return root() / "jobs" / str(job_id)


def attempt_folder(job_id: UUID, number: int) -> Path:
    """What one attempt of a job leaves: its log, and what its runner and the platform tell each other."""
    return job_folder(job_id) / "attempts" / str(number)


def output_folder(job_id: UUID, number: int) -> Path:
    """What one attempt of a job writes for its owner. No other attempt can write there."""
    return job_folder(job_id) / "outputs" / str(number)


def archive_path(organization_id: int, digest: str) -> Path:
    """An uploaded code archive, named by the SHA-256 of its bytes."""
    return root() / "code" / str(organization_id) / digest


def datasets_folder(organization_id: int) -> Path:
    """The files of one organization's datasets: `blobs/ parts/ trees/ previews/`; no other user can enter it."""
    return root() / "datasets" / str(organization_id)


def inside(folder: Path, relative: str) -> Path:
    """The file `relative` names in `folder`. NotFound if it isn't there or leads out of it, by .. or by a link."""
    if "\0" in relative:
        raise NotFound("There is no such file: its name has a zero byte.")
    try:
        path = (folder / relative).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise NotFound(f"There is no file {relative!r:.200}.") from error
    if not path.is_relative_to(folder.resolve()):
        raise NotFound(f"There is no file {relative!r:.200}.")
    return path
