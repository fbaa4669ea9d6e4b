"""From a job file, and what the command line changes of it, to what is submitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yaml.nodes import MappingNode, Node

from era_client.errors import Fault, JobFileError, LocalError
from era_client.jobfile.fields import Reader, readers
from era_client.jobfile.tree import Faults, compose, entries, option
from era_client.spec import JobSpec

NEEDED = ("pool", "command", "units", "duration", "deadline", "value")
NEEDED_FOR_QUOTE = ("pool", "units", "duration", "deadline")
NOT_OF_THE_JOB = ("code", "sweep", "mode")
ALL_OR_NOTHING = "all_or_nothing"
LARGEST = 1024 * 1024


@dataclass(frozen=True)
class Sweep:
    """One job of each combination of the parameters' values."""

    parameters: Mapping[str, list[str]]
    mode: str


@dataclass(frozen=True)
class JobFile:
    """`code` is the folder or the archive to send, None for none."""

    spec: JobSpec
    code: Path | None
    sweep: Sweep | None = None


@dataclass(frozen=True)
class _Source:
    """Where it all comes from: `path` is "" for the command line, `folder` what a relative `code` starts from."""

    path: str
    folder: Path
    name: str
    code: str | None


def load(
    path: Path, changes: Mapping[str, Any] | None = None, *, for_quote: bool = False, now: datetime | None = None
) -> JobFile:
    """Read it. `changes` are fields as the command line gives them. Raises JobFileError with all that is wrong."""
    faults, known = Faults(), readers(now or datetime.now(UTC))
    folder = path.resolve().parent
    source = _Source(str(path), folder, folder.name or path.stem, ".")
    top = compose(_text(path), faults)
    if top is None:
        raise JobFileError(source.path, faults.in_order())
    return _built(entries(top, known, faults), changes or {}, known, faults, source, for_quote=for_quote)


def from_options(changes: Mapping[str, Any], *, for_quote: bool = False, now: datetime | None = None) -> JobFile:
    """The same from the command line alone: nothing is sent along unless `code` says so."""
    known = readers(now or datetime.now(UTC))
    source = _Source("", Path.cwd(), _name_of(changes.get("command")), None)
    return _built({}, changes, known, Faults(), source, for_quote=for_quote)


def _built(
    nodes: dict[str, Node],
    changes: Mapping[str, Any],
    known: Mapping[str, Reader],
    faults: Faults,
    source: _Source,
    *,
    for_quote: bool,
) -> JobFile:
    given = {name: option(value) for name, value in changes.items() if value is not None}
    read = _read(_merged(nodes, given), known, faults)
    _note_missing(read, NEEDED_FOR_QUOTE if for_quote else NEEDED, faults, source)
    if faults.found:
        raise JobFileError(source.path, faults.in_order())
    spec = JobSpec(**{"name": source.name} | {name: read[name] for name in read if name not in NOT_OF_THE_JOB})
    code = read.get("code", source.code)
    base = Path.cwd() if "code" in given else source.folder
    sweep = Sweep(read["sweep"], read.get("mode", ALL_OR_NOTHING)) if "sweep" in read else None
    return JobFile(spec, base / code if code is not None else None, sweep)


def _merged(nodes: Mapping[str, Node], given: Mapping[str, Node]) -> dict[str, Node]:
    """What the command line says counts; of variables it adds or replaces those that it names."""
    merged = {**nodes, **given}
    before, more = nodes.get("env"), given.get("env")
    if isinstance(before, MappingNode) and isinstance(more, MappingNode):
        named = {key.value for key, _ in more.value}
        kept = [pair for pair in before.value if pair[0].value not in named]
        merged["env"] = MappingNode(before.tag, [*kept, *more.value], before.start_mark)
    return merged


def _read(nodes: Mapping[str, Node], known: Mapping[str, Reader], faults: Faults) -> dict[str, Any]:
    read = {}
    for name, node in nodes.items():
        count = len(faults.found)
        value = faults.attempt(node, name, lambda name=name, node=node: known[name](node, name, faults))  # type: ignore[misc]
        read[name] = None if len(faults.found) > count else value
    return read


def _note_missing(read: Mapping[str, Any], needed: tuple[str, ...], faults: Faults, source: _Source) -> None:
    for name in (one for one in needed if one not in read):
        if source.path:
            faults.found.append(Fault(1, 1, name, f"{name} is missing"))
        elif name == "command":
            faults.found.append(Fault(0, 0, name, "The command is missing: write it at the end, after --"))
        else:
            faults.found.append(Fault(0, 0, name, f"--{name} is missing"))


def _name_of(command: Any) -> str:
    return " ".join(Path(word).name for word in (command or ())[:2])[:120] or "job"


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise LocalError(f"{path} is larger than a job file can be.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise LocalError(f"There is no job file {path}.") from error
    except UnicodeDecodeError as error:
        raise LocalError(f"{path} is not text in UTF-8.") from error
    except OSError as error:
        raise LocalError(f"{path} can't be read: {error.strerror}.") from error
