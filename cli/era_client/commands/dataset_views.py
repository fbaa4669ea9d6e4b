"""`era datasets ls | search | show | diff`."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any

import typer

from era_client.commands import completing
from era_client.commands.base import Session
from era_client.commands.tables import Column
from era_client.errors import UsageError
from era_client.models import Dataset, Version
from era_client.moments import show_short
from era_client.references import LATEST, Reference, has_version, parse_reference
from era_client.sizes import count_of, show_size

MARKS = {"added": "+", "removed": "-", "changed": "~"}
MOST_LINES = 40

DatasetName = Annotated[
    str,
    typer.Argument(
        metavar="[ORG/]NAME[@N]",
        help="A dataset, or a version of it; without ORG/ one of your own organization's.",
        autocompletion=completing.datasets,
        show_default=False,
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many.")]


def named(session: Session, text: str) -> Reference:
    return parse_reference(text, own=session.reference_owner(text))


def list_datasets(
    session: Session,
    mine: Annotated[bool, typer.Option("--mine", help="Only your organization's.")] = False,
    shared: Annotated[bool, typer.Option("--shared", help="Only those that others share with you.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Only those that everybody sees.")] = False,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Only with this tag.")] = None,
    limit: Limit = 50,
) -> None:
    """List the datasets that you can see."""
    chosen = [name for name, wanted in (("mine", mine), ("shared", shared), ("public", public)) if wanted]
    if len(chosen) > 1:
        raise UsageError(f"--{chosen[0]} and --{chosen[1]}: choose one.")
    owner = chosen[0] if chosen else "all"
    _show_list(session, session.client.datasets.list(owner=owner, tag=tag), limit)


def search(
    session: Session,
    words: Annotated[list[str], typer.Argument(help="In names, descriptions, tags and paths.")],
    limit: Limit = 50,
) -> None:
    """Search the datasets that you can see."""
    _show_list(session, session.client.datasets.list(search=" ".join(words)), limit)


def _show_list(session: Session, datasets: Iterable[Dataset], limit: int) -> None:
    found = list(islice(datasets, limit))
    if session.out.as_json:
        session.out.json([one.raw for one in found])
        return
    columns = [
        Column("DATASET", shrinks=True),
        Column("SEEN BY"),
        Column("LATEST", right=True),
        Column("FILES", right=True),
        Column("SIZE", right=True),
        Column("CHANGED"),
    ]
    rows = [(one.reference, one.visibility, one.latest, *_amount(one), show_short(one.updated_at)) for one in found]
    session.out.table(columns, rows, empty="There are no such datasets. Make one: era datasets push FOLDER NAME")


def show(
    session: Session,
    dataset: DatasetName,
    files: Annotated[bool, typer.Option("--files", help="List the files, too.")] = False,
) -> None:
    """Show a dataset and its versions, or one version."""
    reference = named(session, dataset)
    if has_version(dataset):
        _show_version(session, reference, with_files=files)
        return
    found = session.client.datasets.get(reference)
    versions = list(session.client.datasets.versions(reference))
    listed = list(session.client.datasets.files(reference)) if files and found.latest is not None else []
    if session.out.as_json:
        more = {"listing": [vars(one) for one in listed]} if files else {}
        session.out.json(found.raw | {"versions": [one.raw for one in versions]} | more)
        return
    session.out.facts(_facts(found))
    _show_versions(session, versions)
    if files:
        _show_files(session, listed)
    if found.description.strip():
        session.out.console.print()
        for line in found.description.strip().splitlines()[:MOST_LINES]:
            session.out.line(line)


def _facts(one: Dataset) -> list[tuple[str, object]]:
    return [
        ("dataset", one.reference),
        ("seen by", one.visibility),
        ("licence", one.licence),
        ("tags", ", ".join(one.tags)),
        ("latest", one.latest if one.latest is not None else "nothing is published yet"),
        *zip(("files", "size"), _amount(one), strict=True),
    ]


def _amount(one: Dataset) -> tuple[str | None, str | None]:
    """Its files, and how large they are together; None before anything is published."""
    files = None if one.files is None else f"{one.files:,}"
    return files, None if one.size is None else show_size(one.size)


def _show_versions(session: Session, versions: list[Version]) -> None:
    columns = [
        Column("VERSION"),
        Column("STATE"),
        Column("FILES", right=True),
        Column("SIZE", right=True),
        Column("MADE"),
        Column("NOTE", shrinks=True),
    ]
    rows = [
        (
            one.label,
            one.state,
            f"{one.files:,}",
            show_size(one.size),
            show_short(one.published_at or one.created_at),
            one.note,
        )
        for one in versions
    ]
    session.out.table(columns, rows)


def _show_version(session: Session, reference: Reference, *, with_files: bool) -> None:
    version = session.client.datasets.version(reference)
    listed = list(session.client.datasets.files(reference)) if with_files else []
    if session.out.as_json:
        more = {"listing": [vars(one) for one in listed]} if with_files else {}
        session.out.json(version.raw | more)
        return
    session.out.facts(
        [
            ("dataset", reference.dataset),
            ("version", version.label),
            ("state", version.state),
            ("note", version.note),
            ("files", f"{version.files:,}"),
            ("size", show_size(version.size)),
            ("sha256", version.sha256),
            ("made", show_short(version.created_at)),
            ("published", show_short(version.published_at) if version.published_at else ""),
        ]
    )
    if with_files:
        _show_files(session, listed)


def _show_files(session: Session, listed: list[Any]) -> None:
    rows = [(one.path, show_size(one.size), one.sha256[:12]) for one in listed]
    columns = [Column("PATH", shrinks=True), Column("SIZE", right=True), Column("SHA-256")]
    session.out.table(columns, rows, empty="It has no files.")


def diff(
    session: Session,
    old: DatasetName,
    new: Annotated[
        str | None, typer.Argument(metavar="N", help="The newer version; the latest where it is left out.")
    ] = None,
) -> None:
    """Show what changed from one version to another: + added, - removed, ~ changed.

    Where no version is named, what the latest changed.
    """
    before = named(session, old)
    version = new.rpartition("@")[2] if new else LATEST
    after = Reference(before.owner, before.name, version)
    found = session.client.datasets.diff(after, before.version if has_version(old) else None)
    if session.out.as_json:
        session.out.json(found)
        return
    for row in found["results"]:
        session.out.line(f"{MARKS.get(row['change'], '?')} {row['path']}{_sizes(row)}")
    counts = ", ".join(f"{found[kind]:,} {kind}" for kind in MARKS if found.get(kind))
    session.out.note(f"From {found['against']} to {version}: {counts or 'nothing differs'}.")
    if found["truncated"]:
        session.out.note(f"Shown are the first {count_of(len(found['results']), 'file')}.")


def _sizes(row: dict[str, Any]) -> str:
    sizes = [show_size(row[name]) for name in ("size_before", "size") if row.get(name) is not None]
    return f"  ({' → '.join(sizes)})" if sizes else ""
