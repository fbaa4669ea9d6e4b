"""`era logs`."""

from typing import Annotated

import typer

from era_client.commands import following
from era_client.commands.base import Session, command
from era_client.commands.jobs import JobId
from era_client.commands.submitting import WithExitCode
from era_client.errors import UsageError
from era_client.logs import LogLost


def add(app: typer.Typer) -> None:
    command(app, "logs")(logs)


def logs(
    session: Session,
    job: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job is over.")] = False,
    offset: Annotated[int, typer.Option(min=0, metavar="BYTE", help="Begin at this byte.")] = 0,
    exit_code: WithExitCode = False,
) -> None:
    """Print what a job wrote, byte for byte. With -f go on, also after broken connections, until it is over."""
    if exit_code and not follow:
        raise UsageError("--exit-code needs --follow: it is known only once the job is over.")
    found = session.client.jobs.find(job)
    if follow:
        try:
            ended = following.follow(session, found, offset=offset)
        except LogLost as lost:
            lost.hint = f"To go on from there: era logs -f {found.id} --offset {lost.offset}"
            raise
        following.close(session, ended, with_exit_code=exit_code)
    elif session.out.as_json:
        text = b"".join(session.client.jobs.log(found.id, offset=offset))
        session.out.json(
            {"job": found.id, "offset": offset, "next": offset + len(text), "text": text.decode(errors="replace")}
        )
    else:
        for piece in session.client.jobs.log(found.id, offset=offset):
            following.write(piece)
