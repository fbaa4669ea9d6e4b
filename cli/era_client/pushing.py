"""A folder becomes a version of a dataset: only what differs is sent, into a draft that outlives a break."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from era_client import transfers
from era_client.dataset_calls import DatasetCalls
from era_client.downloads import digest_of
from era_client.drafts import Drafts
from era_client.errors import LocalError, NotFound, UsageError
from era_client.ignore import NAME, Found, rules, walk
from era_client.models import Version
from era_client.paths import check_distinct
from era_client.references import LATEST, Reference
from era_client.transfer import LocalFile, RemoteFile, Report
from era_client.transfers import OnProgress, PartlyFailed

LEFT_OUT = (".git/", ".hg/", ".svn/", ".DS_Store", "Thumbs.db", "desktop.ini", "*.era-part", NAME)


@dataclass(frozen=True)
class Pushed:
    """`version` is the published one, the draft, or the last one where nothing differed (`changed` is false)."""

    version: Version
    changed: bool
    sent: int
    removed: int
    unchanged: int
    bytes_sent: int
    seconds: float
    breaks: int


@dataclass(frozen=True)
class Plan:
    """What must happen to the draft so that it is what the folder is."""

    send: tuple[LocalFile, ...]
    remove: tuple[str, ...]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not self.send and not self.remove


def push(
    datasets: DatasetCalls,
    folder: Path,
    dataset: Reference,
    *,
    note: str,
    add: bool,
    publish: bool,
    on_progress: OnProgress | None,
) -> Pushed:
    if dataset.version != LATEST:
        raise UsageError(f"{dataset}: a folder becomes a new version; leave out @{dataset.version}.")
    here = collect(folder)
    drafts = Drafts(datasets.connection.url, dataset, folder)
    at = _draft(datasets, dataset, drafts, note)
    there = transfers.listing(datasets.connection, at)
    plan = compare(here, there, keep_others=add)
    if plan.is_empty and (same := _same_as_latest(datasets, dataset, there)):
        datasets.delete_version(at)
        drafts.forget()
        return Pushed(same, False, 0, 0, plan.unchanged, 0, 0.0, 0)
    report = _carry_out(datasets, at, plan, on_progress)
    version = datasets.publish(at, note=note) if publish else datasets.version(at)
    if publish:
        drafts.forget()
    return Pushed(
        version, True, report.files, len(plan.remove), plan.unchanged, report.sent, report.seconds, report.breaks
    )


def _carry_out(datasets: DatasetCalls, draft: Reference, plan: Plan, on_progress: OnProgress | None) -> Report:
    """What is gone goes first: a file may stand where a folder was."""
    datasets.remove_files(draft, plan.remove)
    report = transfers.upload(datasets.connection, draft.version, plan.send, on_progress)
    if report.failures:
        raise PartlyFailed("sent", report.failures)
    return report


def _same_as_latest(datasets: DatasetCalls, dataset: Reference, there: Sequence[RemoteFile]) -> Version | None:
    """The last version, if it has just these files."""
    latest = _latest(datasets, dataset)
    if latest is None or latest.files != len(there):
        return None
    at = Reference(dataset.owner, dataset.name, latest.label)
    return latest if set(transfers.listing(datasets.connection, at)) == set(there) else None


def collect(folder: Path) -> list[Found]:
    """The files of the folder that go along. Raises LocalError."""
    if not folder.is_dir():
        raise LocalError(f"{folder} is not a folder.")
    found = list(walk(folder, rules(folder, always=LEFT_OUT), empty_folders=False))
    if not found:
        raise LocalError(f"{folder} has no files to send.")
    check_distinct((one.name for one in found), folded=False)
    return sorted(found, key=lambda one: one.name)


def compare(here: Sequence[Found], there: Sequence[RemoteFile], *, keep_others: bool) -> Plan:
    """Only files of the same name and size are read to see whether they differ."""
    known: Mapping[str, RemoteFile] = {file.path: file for file in there}
    send = [one for one in here if not _is_there(one, known.get(one.name))]
    names = {one.name for one in here}
    remove = () if keep_others else tuple(path for path in known if path not in names)
    files = tuple(LocalFile(one.name, one.path, one.size) for one in send)
    return Plan(files, remove, len(here) - len(files))


def _is_there(one: Found, remote: RemoteFile | None) -> bool:
    if remote is None or remote.size != one.size:
        return False
    try:
        return digest_of(one.path) == remote.sha256
    except OSError as error:
        raise LocalError(f"{one.path} can't be read: {error.strerror}.") from error


def _draft(datasets: DatasetCalls, dataset: Reference, drafts: Drafts, note: str) -> Reference:
    """The draft of a push that broke off, else a new one that begins as the last version."""
    if begun := drafts.begun():
        at = Reference(dataset.owner, dataset.name, begun)
        try:
            if datasets.version(at).state == "draft":
                return at
        except NotFound:
            drafts.forget()
    base = LATEST if _latest(datasets, dataset) else None
    draft = datasets.begin(dataset, base=base, note=note)
    drafts.remember(draft.id)
    return Reference(dataset.owner, dataset.name, draft.id)


def _latest(datasets: DatasetCalls, dataset: Reference) -> Version | None:
    latest = datasets.get(dataset).latest
    if latest is None:
        return None
    return datasets.version(Reference(dataset.owner, dataset.name, str(latest)))
