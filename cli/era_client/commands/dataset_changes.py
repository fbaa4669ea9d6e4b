"""`era datasets publish | share | rm`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from era_client.commands import exits
from era_client.commands.base import Session, fail
from era_client.commands.dataset_views import DatasetName, named
from era_client.errors import LocalError, UsageError
from era_client.models import Dataset
from era_client.references import LATEST, Reference, has_version
from era_client.sizes import count_of, show_size


def publish(
    session: Session,
    dataset: DatasetName,
    note: Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="What changed.")] = "",
) -> None:
    """Publish a draft: from now on nobody can change it. Without @DRAFT, the only draft there is."""
    reference = named(session, dataset)
    if reference.version == LATEST:
        reference = _only_draft(session, reference)
    version = session.client.datasets.publish(reference, note=note)
    if session.out.as_json:
        session.out.json(version.raw | {"reference": f"{reference.dataset}@{version.label}"})
        return
    session.out.line(f"{reference.dataset}@{version.label}")
    session.out.note(f"{count_of(version.files, 'file')}, {show_size(version.size)}.")


def _only_draft(session: Session, dataset: Reference) -> Reference:
    drafts = [one for one in session.client.datasets.versions(dataset) if one.state == "draft"]
    if len(drafts) != 1:
        named_ = ", ".join(f"{dataset.dataset}@{one.id}" for one in drafts)
        raise UsageError(
            f"{dataset.dataset} has {count_of(len(drafts), 'draft')}{': ' + named_ if drafts else ''}.",
            hint="Say which." if drafts else "Make one: era datasets push FOLDER NAME --draft",
        )
    return Reference(dataset.owner, dataset.name, drafts[0].id)


def share(
    session: Session,
    dataset: DatasetName,
    organizations: Annotated[list[str] | None, typer.Argument(metavar="ORG…", help="May read it from now on.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="May not read it any more.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Everybody who is signed in may read it.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Only your organization may read it.")] = False,
) -> None:
    """Say who may read a dataset: named organizations, everybody, or only your own. Without all that: who may now."""
    if sum((public, private, bool(organizations))) > 1:
        raise UsageError("Choose one: organizations, --public or --private.")
    if remove and not organizations:
        raise UsageError("--remove: name the organizations that may not read it any more.")
    reference = named(session, dataset)
    datasets = session.client.datasets
    for organization in organizations or ():
        change = datasets.unshare if remove else datasets.share
        change(reference, organization)
    visibility = _wanted(session, reference, organizations or [], remove=remove, public=public, private=private)
    found = datasets.change(reference, visibility=visibility) if visibility else datasets.get(reference)
    _tell(session, found, datasets.grants(reference))


def _wanted(
    session: Session, reference: Reference, organizations: list[str], *, remove: bool, public: bool, private: bool
) -> str:
    """The visibility to set, "" for none: naming somebody shares a private dataset."""
    if public or private:
        return "public" if public else "private"
    if organizations and not remove and session.client.datasets.get(reference).visibility == "private":
        return "shared"
    return ""


def _tell(session: Session, dataset: Dataset, grants: tuple[str, ...]) -> None:
    if session.out.as_json:
        session.out.json({"reference": dataset.reference, "visibility": dataset.visibility, "grants": [*grants]})
        return
    seen_by = {
        "private": "your organization",
        "shared": ", ".join(["your organization", *grants]),
        "public": "everybody who is signed in",
    }
    session.out.facts(
        [("dataset", dataset.reference), ("seen by", seen_by.get(dataset.visibility, dataset.visibility))]
    )
    if grants and dataset.visibility == "private":
        session.out.note(f"Also named, but not while it is private: {', '.join(grants)}.")


def remove(
    session: Session,
    dataset: DatasetName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Delete a dataset; with @N only that version, with @DRAFT a draft. Refused where a job needs it."""
    reference = named(session, dataset)
    what = str(reference) if has_version(dataset) else f"{reference.dataset} with all its versions"
    if not yes and not _confirmed(f"Delete {what}?"):
        session.out.note("Nothing was deleted.")
        raise fail(exits.FAILED)
    if has_version(dataset):
        session.client.datasets.delete_version(reference)
    else:
        session.client.datasets.delete(reference)
    if session.out.as_json:
        session.out.json({"deleted": str(reference) if has_version(dataset) else reference.dataset})
    else:
        session.out.line(f"Deleted: {what}.")


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: say --yes.")
    return bool(typer.confirm(question, err=True))


def describe(
    session: Session,
    dataset: DatasetName,
    readme: Annotated[
        Path | None, typer.Option("--readme", metavar="FILE", help="Its description: a text in Markdown; - reads one.")
    ] = None,
    licence: Annotated[str | None, typer.Option("--licence", metavar="NAME", help="Such as CC-BY-4.0.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Instead of those it has.")] = None,
) -> None:
    """Say what a dataset is: description, licence, tags. What is not named stays as it is."""
    changes: dict[str, object] = {"licence": licence, "tags": tags or None}
    if readme is not None:
        changes["description"] = _text_of(readme)
    wanted = {name: value for name, value in changes.items() if value is not None}
    if not wanted:
        raise UsageError("Nothing to change: say --readme, --licence or --tag.")
    found = session.client.datasets.change(named(session, dataset), **wanted)
    if session.out.as_json:
        session.out.json(found.raw)
    else:
        session.out.line(found.reference)


def _text_of(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path} can't be read as text: {error}.") from error
