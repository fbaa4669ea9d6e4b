"""`era login | logout | whoami | profiles`."""

import os
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from era_client import profiles
from era_client.client import Client
from era_client.commands import exits
from era_client.commands.base import Session, command, fail
from era_client.commands.tables import Column
from era_client.errors import UsageError
from era_client.http import base_url
from era_client.models import Me
from era_client.profiles import Profile

USUAL = "http://localhost:8000"
NEARBY = {"localhost", "127.0.0.1", "::1"}


def add(app: typer.Typer) -> None:
    command(app, "login")(login)
    command(app, "logout")(logout)
    command(app, "whoami")(whoami)
    command(app, "profiles")(list_profiles)


def login(
    session: Session,
    url: Annotated[str | None, typer.Argument(help="The platform's address; asked for where it is left out.")] = None,
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")] = False,
) -> None:
    """Sign in with a token, and keep it where only you can read it.

    Make a token on the portal's page Tokens. With --profile NAME you can be signed in at several places.
    """
    name = session.profile or profiles.DEFAULT
    address = base_url(url or _ask_url(name, token_stdin=token_stdin))
    _warn_of_plain_text(session, address)
    token = sys.stdin.readline().strip() if token_stdin else _ask_token()
    _check_token(token)
    with Client(address, token) as client:
        me = client.me
    path = profiles.keep(name, Profile(address, token, me.organization, me.user))
    if session.out.as_json:
        session.out.json({"profile": name, "url": address, **_told(me)})
    else:
        session.out.line(f"Signed in at {address} as {me.user} for {me.organization} ({me.role}).")
        session.out.note(f"Kept in {path} as the profile {name!r}.")


def logout(session: Session) -> None:
    """Forget the token that is kept here. It stays valid: revoke it on the portal's page Tokens."""
    name = profiles.chosen_name(session.profile)
    if not profiles.forget(name):
        raise UsageError(f"There is no profile {name!r}.")
    if session.out.as_json:
        session.out.json({"profile": name, "forgotten": True})
    else:
        session.out.line(f"The token of {name!r} is forgotten here.")


def whoami(session: Session) -> None:
    """Say who you are signed in as, and where."""
    me = session.client.me
    if session.out.as_json:
        session.out.json({"url": session.client.url, **_told(me)})
        return
    organization = f"{me.organization} ({me.organization_name})"
    session.out.facts(
        [
            ("user", me.user),
            ("organization", organization),
            ("role", me.role),
            ("token", me.token),
            ("platform", session.client.url),
        ]
    )


def list_profiles(
    session: Session, use: Annotated[str | None, typer.Option(metavar="NAME", help="Make it the current one.")] = None
) -> None:
    """List where you are signed in, or choose which profile counts."""
    known = profiles.load()
    if use is not None:
        if use not in known.known:
            raise UsageError(f"There is no profile {use!r}; there are {', '.join(sorted(known.known)) or 'none'}.")
        known = profiles.Profiles(use, known.known)
        profiles.save(known)
    if session.out.as_json:
        shown = {
            name: {"url": one.url, "organization": one.organization, "user": one.user}
            for name, one in known.known.items()
        }
        session.out.json({"current": known.current, "profiles": shown})
        return
    rows = [
        ("*" if name == known.current else "", name, one.organization, one.user, one.url)
        for name, one in sorted(known.known.items())
    ]
    columns = [
        Column(""),
        Column("PROFILE"),
        Column("ORGANIZATION"),
        Column("USER", shrinks=True),
        Column("PLATFORM", shrinks=True),
    ]
    session.out.table(columns, rows, empty="You are signed in nowhere. Sign in: era login")
    if not rows:
        raise fail(exits.NOT_SIGNED_IN)


def _told(me: Me) -> dict[str, object]:
    return {"user": me.user, "organization": me.organization, "role": me.role, "token": me.token}


def _ask_url(name: str, *, token_stdin: bool) -> str:
    before = profiles.load().known.get(name)
    usual = os.environ.get(profiles.URL) or (before.url if before else USUAL)
    if token_stdin or not sys.stdin.isatty():
        return usual
    return str(typer.prompt("Address of the platform", default=usual, err=True))


def _ask_token() -> str:
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: say --token-stdin, and give the token on standard input.")
    return str(typer.prompt("Token", hide_input=True, err=True)).strip()


def _warn_of_plain_text(session: Session, address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in NEARBY:
        session.out.warn(f"{address} is not encrypted: whoever is on the way can read the token. Use https://.")


def _check_token(token: str) -> None:
    if not token:
        raise UsageError("No token came.", hint="Make one on the portal's page Tokens.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("That is not a token: it has spaces or other signs that no token has.")
