"""What a job is to be, from the words and options of `era quote` and `era submit`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from era_client import jobfile
from era_client.commands import completing
from era_client.errors import UsageError
from era_client.jobfile import JobFile

USUAL = Path("job.yaml")
ENDINGS = (".yaml", ".yml")

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[JOB.YAML] [-- COMMAND…]",
        help="A job file (job.yaml of this folder where nothing is named); the command to run, after --.",
        show_default=False,
    ),
]
PoolName = Annotated[
    str | None, typer.Option("--pool", metavar="POOL", help="Pool to buy from.", autocompletion=completing.pools)
]
Units = Annotated[str | None, typer.Option("--units", metavar="N", help="Units of the pool.")]
Duration = Annotated[str | None, typer.Option("--duration", metavar="TIME", help="How long it runs: 90m, 2h30m.")]
Deadline = Annotated[
    str | None, typer.Option("--deadline", metavar="WHEN", help="To be done by: +6h, 2030-01-01T12:00Z.")
]
Earliest = Annotated[str | None, typer.Option("--earliest", metavar="WHEN", help="Not to begin before.")]
Value = Annotated[str | None, typer.Option("--value", metavar="CREDITS", help="What it is worth to you, at most.")]
Nodes = Annotated[str | None, typer.Option("--nodes", metavar="N", help="Machines that the units are split over.")]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call the job.")]
Image = Annotated[str | None, typer.Option("--image", metavar="IMAGE", help="What it runs in.")]
Env = Annotated[list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="A variable; repeatable.")]
ProjectName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Short name of the project that it is for; its monthly limit holds."),
]
DatasetNames = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset",
        metavar="ORG/NAME[@N]",
        help="A dataset that it reads; repeatable.",
        autocompletion=completing.datasets,
    ),
]
Network = Annotated[
    bool | None, typer.Option("--network/--no-network", help="Let it talk to your other jobs.", show_default=False)
]
Code = Annotated[
    str | None, typer.Option("--code", metavar="PATH", help="Folder or archive of code to send; none for no code.")
]


def asked(words: Sequence[str] | None, *, for_quote: bool = False, **options: Any) -> JobFile:
    """Raises JobFileError, UsageError, LocalError."""
    path, command = split(words or ())
    changes = {**options, "command": list(command) or None, "env": variables(options.get("env"))}
    changes["datasets"] = options.get("datasets") or None
    if path is None and not command and USUAL.is_file() and (for_quote is False or "pool" not in _said(options)):
        path = USUAL
    if path is not None:
        return jobfile.load(path, changes, for_quote=for_quote)
    return jobfile.from_options(changes, for_quote=for_quote)


def split(words: Sequence[str]) -> tuple[Path | None, Sequence[str]]:
    """A first word that ends like a job file is one; the rest is the command."""
    if words and words[0].lower().endswith(ENDINGS):
        return Path(words[0]), words[1:]
    return None, words


def variables(given: Sequence[str] | None) -> Mapping[str, str] | None:
    """Raises UsageError for what is not NAME=VALUE."""
    if not given:
        return None
    pairs = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(f"--env {text}: write NAME=VALUE.")
        pairs[name] = value
    return pairs


def _said(options: Mapping[str, Any]) -> set[str]:
    return {name for name, value in options.items() if value is not None}
