"""`era datasets push | pull`: whole folders, with a bar, and gone on with after a break."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from era_client.commands.base import Session
from era_client.commands.dataset_views import DatasetName, named
from era_client.commands.output import Bar
from era_client.errors import UsageError
from era_client.pulling import Pulled
from era_client.pushing import Pushed
from era_client.references import has_version
from era_client.sizes import count_of, show_size
from era_client.transfer import Progress

SAY_AGAIN = "Say the same again to go on; what has arrived is kept."


def push(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What it has becomes the new version.")],
    dataset: DatasetName,
    note: Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="What changed.")] = "",
    add: Annotated[
        bool, typer.Option("--add", help="Keep files of the last version that the folder doesn't have.")
    ] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Don't publish it yet: era datasets publish does.")] = False,
) -> None:
    """Make a new version of a dataset from a folder; the dataset, too, if it isn't there.

    Only what differs from the last version is sent; .eraignore says what stays here.

    To go on with a push that broke off, say the same again.
    """
    if has_version(dataset):
        raise UsageError(f"{dataset}: a folder becomes a new version; leave out what is after the @.")
    reference = named(session, dataset)
    _found, is_new = session.client.datasets.ensure(reference)
    if is_new:
        session.out.note(f"Made the dataset {reference.dataset}; only your organization sees it.")
    session.resume = SAY_AGAIN
    with _showing(session, "Sending") as on_progress:
        pushed = session.client.datasets.push(
            folder, reference, note=note, add=add, publish=not draft, on_progress=on_progress
        )
    _tell_pushed(session, reference.dataset, pushed)


def _tell_pushed(session: Session, dataset: str, pushed: Pushed) -> None:
    out, version = session.out, pushed.version
    reference = f"{dataset}@{version.label}"
    if out.as_json:
        figures = {name: value for name, value in asdict(pushed).items() if name != "version"}
        out.json(version.raw | figures | {"reference": reference})
        return
    out.line(reference)
    if not pushed.changed:
        out.note("Nothing differs from the last version.")
        return
    removed = f", {pushed.removed:,} removed" if pushed.removed else ""
    out.note(
        f"{count_of(pushed.sent, 'file')} sent, {pushed.unchanged:,} unchanged{removed}; "
        f"now {count_of(version.files, 'file')}, {show_size(version.size)}.{_speed(pushed)}"
    )
    if version.state == "draft":
        out.note(f"It is a draft. Publish it: era datasets publish {reference}")


def pull(
    session: Session,
    dataset: DatasetName,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to; a folder of the dataset's name where it is left out."),
    ] = None,
    path: Annotated[str, typer.Option("--path", metavar="PATH", help="Only this file or folder of it.")] = "",
) -> None:
    """Fetch a version of a dataset. What is here already is not fetched again; what broke off goes on."""
    reference = named(session, dataset)
    into = folder or Path(reference.name)
    session.resume = SAY_AGAIN
    with _showing(session, "Fetching") as on_progress:
        pulled = session.client.datasets.pull(reference, into, prefix=path, on_progress=on_progress)
    _tell_pulled(session, reference.dataset, pulled)


def _tell_pulled(session: Session, dataset: str, pulled: Pulled) -> None:
    out = session.out
    reference = f"{dataset}@{pulled.version.label}"
    if out.as_json:
        figures = {name: value for name, value in asdict(pulled).items() if name != "version"}
        out.json(figures | {"reference": reference, "folder": str(pulled.folder)})
        return
    out.line(pulled.folder)
    fetched = "all was here" if not pulled.bytes_received else f"{show_size(pulled.bytes_received)} fetched"
    out.note(f"{reference}: {count_of(pulled.files, 'file')}, {show_size(pulled.size)}; {fetched}.{_speed(pulled)}")


def _speed(done: Pushed | Pulled) -> str:
    moved = done.bytes_sent if isinstance(done, Pushed) else done.bytes_received
    broke = f" The connection broke {count_of(done.breaks, 'time')}." if done.breaks else ""
    return (f" {show_size(moved / done.seconds)}/s." if done.seconds > 1 and moved else "") + broke


@contextmanager
def _showing(session: Session, what: str) -> Iterator[Callable[[Progress], None]]:
    with session.out.progress(what, None) as bar:
        yield lambda progress: _update(bar, what, progress)


def _update(bar: Bar, what: str, progress: Progress) -> None:
    label = f"{what} {progress.files_done:,}/{progress.files:,}"
    bar.update(progress.bytes_done, total=progress.bytes, what=label)
