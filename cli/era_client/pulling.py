"""A version of a dataset comes to this machine: what is here already, whole or in part, is not fetched again."""

from dataclasses import dataclass
from pathlib import Path

from era_client import transfers
from era_client.dataset_calls import DatasetCalls
from era_client.errors import LocalError, NotFound
from era_client.models import Version
from era_client.paths import check_distinct, local_path, prefix_of
from era_client.references import Reference
from era_client.transfers import OnProgress, PartlyFailed


@dataclass(frozen=True)
class Pulled:
    """`bytes_received` counts what came over the line; `files` and `size` are what is there now."""

    version: Version
    folder: Path
    files: int
    size: int
    bytes_received: int
    seconds: float
    breaks: int


def pull(
    datasets: DatasetCalls, reference: Reference, folder: Path, *, prefix: str, on_progress: OnProgress | None
) -> Pulled:
    version = datasets.version(reference)
    # Its number instead of `latest`, so that all of it comes from one version.
    pinned = Reference(reference.owner, reference.name, version.label)
    part = prefix_of(prefix)
    files = [one for one in transfers.listing(datasets.connection, pinned, part) if _lies_in(one.path, part)]
    if part and not files:
        raise NotFound(404, {"code": "not_found", "detail": f"{pinned} has nothing under {part!r}."})
    for file in files:
        local_path(folder, file.path)
    check_distinct(file.path for file in files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(f"{folder} can't be made: {error.strerror}.") from error
    report = transfers.download(datasets.connection, pinned, folder, files, on_progress)
    if report.failures:
        raise PartlyFailed("fetched", report.failures)
    size = sum(file.size for file in files)
    return Pulled(version, folder, len(files), size, report.sent, report.seconds, report.breaks)


def _lies_in(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(prefix + "/")
