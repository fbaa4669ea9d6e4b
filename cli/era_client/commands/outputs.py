"""`era outputs ls | get | keep`."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from era_client.commands.base import Session, command
from era_client.commands.jobs import JobId
from era_client.commands.tables import Column
from era_client.errors import NotFound
from era_client.models import Job, OutputFile
from era_client.moments import show_short
from era_client.paths import check_distinct, local_path
from era_client.sizes import count_of, show_size


def add(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The files that a job wrote.")
    command(group, "ls")(list_outputs)
    command(group, "get")(get)
    command(group, "keep")(keep)
    app.add_typer(group, name="outputs")


def list_outputs(session: Session, job: JobId) -> None:
    """List the files that a job has written so far."""
    found = session.client.jobs.find(job)
    files = session.client.jobs.outputs(found.id)
    if session.out.as_json:
        session.out.json([{"path": one.path, "size": one.size, "modified": one.modified.isoformat()} for one in files])
        return
    rows = [(one.path, show_size(one.size), show_short(one.modified)) for one in files]
    columns = [Column("PATH", shrinks=True), Column("SIZE", right=True), Column("WRITTEN")]
    session.out.table(columns, rows, empty=f"{found.name} has no outputs{'' if found.is_over else ' yet'}.")


def get(
    session: Session,
    job: JobId,
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files, folders or patterns such as '*.png'; all without.")
    ] = None,
    into: Annotated[Path, typer.Option("--into", "-o", metavar="FOLDER", help="Where to put them.")] = Path(),
) -> None:
    """Download a job's files. What broke off goes on from there; each file is put in its place when it is whole."""
    found = session.client.jobs.find(job)
    wanted = chosen(session.client.jobs.outputs(found.id), paths or (), found)
    for file in wanted:
        local_path(into, file.path)
    check_distinct(file.path for file in wanted)
    session.resume = "Say the same again to go on; what has come is kept."
    fetched = [_fetched(session, found, file, into) for file in wanted]
    if session.out.as_json:
        session.out.json(
            [{"path": one.path, "size": one.size, "file": str(at)} for one, at in zip(wanted, fetched, strict=True)]
        )
        return
    for at in fetched:
        session.out.line(at)
    size = sum(file.size for file in wanted)
    session.out.note(f"{count_of(len(wanted), 'file')}, {show_size(size)}.")


def chosen(files: Sequence[OutputFile], patterns: Sequence[str], job: Job) -> list[OutputFile]:
    """Raises NotFound for a pattern that fits nothing."""
    if not patterns:
        return list(files)
    picked: dict[str, OutputFile] = {}
    for pattern in patterns:
        fitting = [file for file in files if _fits(file.path, pattern.rstrip("/"))]
        if not fitting:
            raise NotFound(404, {"code": "not_found", "detail": f"{job.name} has no output {pattern!r}."})
        picked |= {file.path: file for file in fitting}
    return list(picked.values())


def _fits(path: str, pattern: str) -> bool:
    return path == pattern or path.startswith(pattern + "/") or PurePosixPath(path).match(pattern)


def _fetched(session: Session, job: Job, file: OutputFile, into: Path) -> Path:
    with session.out.progress(file.path, file.size) as bar:
        return session.client.jobs.fetch_output(job.id, file, into, progress=bar.update)


def keep(
    session: Session,
    job: JobId,
    dataset: Annotated[
        str, typer.Argument(metavar="NAME", help="Dataset of your organization; made if it isn't there.")
    ],
    note: Annotated[str, typer.Option(help="What this version is.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Leave it open to changes.")] = False,
) -> None:
    """Make a version of a dataset from a job's outputs, without moving bytes."""
    found = session.client.jobs.find(job)
    version = session.client.jobs.keep_outputs(found.id, dataset, note=note, publish=not draft)
    if session.out.as_json:
        session.out.json(version.raw)
        return
    session.out.line(version.raw["reference"])
    session.out.note(f"{count_of(version.files, 'file')}, {show_size(version.size)}.")
    for path in version.raw["skipped"]:
        session.out.warn(f"{path} is no plain file: not kept.")
