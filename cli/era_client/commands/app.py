"""All commands of `era` together."""

from typing import Annotated

import typer

import era_client
from era_client.commands import cancelling, datasets, exits, jobs, logs, market, outputs, signing_in, submitting

EXITS = "  ".join(f"{code} {meaning}." for code, meaning in exits.MEANINGS.items())
app = typer.Typer(
    name="era",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback of theirs would show tokens
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Buy compute time on an ERA Platform: quotes, jobs, logs, outputs and datasets.",
    epilog=f"Exit codes: {EXITS}",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"era {era_client.__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Buy compute time on an ERA Platform: quotes, jobs, logs, outputs and datasets."""


for part in (signing_in, market, submitting, jobs, logs, cancelling, outputs, datasets):
    part.add(app)
