"""What all commands share: the options --json, --quiet and --profile, and how errors end."""

import functools
import inspect
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any

import typer

from era_client.client import Client
from era_client.commands import exits
from era_client.commands.output import Output
from era_client.errors import EraError

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")]
ProfileName = Annotated[
    str | None, typer.Option("--profile", "-p", metavar="NAME", help="Use this profile instead of the current one.")
]
SHARED: dict[str, tuple[Any, Any]] = {
    "as_json": (Json, False),
    "quiet": (Quiet, False),
    "profile": (ProfileName, None),
}


class Session:
    """What a command works with."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, profile: str | None = None) -> None:
        self.profile = profile
        self.out = Output(as_json=as_json, quiet=quiet)
        self.resume = ""
        """What to say after Ctrl-C: how to go on."""

    @cached_property
    def client(self) -> Client:
        return Client(profile=self.profile)

    def reference_owner(self, text: str) -> str:
        """The organization that a dataset's bare name belongs to."""
        return "" if "/" in text else self.client.me.organization


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register `function(session, …)`; typer sees its other parameters, and the shared ones."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        app.command(name, **options)(with_session(function))
        return function

    return register


def with_session(function: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(function, eval_str=True)
    own = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in list(signature.parameters.values())[1:]]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in SHARED.items()
    ]

    @functools.wraps(function)
    def run(**given: Any) -> None:
        session = Session(**{name: given.pop(name) for name in SHARED})
        guarded(session, lambda: function(session, **given))

    del run.__wrapped__
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in [*own, *shared]}
    return run


def guarded(session: Session, work: Callable[[], None]) -> None:
    """Do it; every error ends with its words on standard error and its exit code."""
    try:
        work()
        sys.stdout.flush()
    except EraError as error:
        session.out.error(error)
        raise typer.Exit(exits.code_of(error)) from error
    except (KeyboardInterrupt, typer.Abort) as interrupt:
        session.out.aside.print("\nStopped." + (f" {session.resume}" if session.resume else ""), soft_wrap=True)
        raise typer.Exit(exits.INTERRUPTED) from interrupt
    except BrokenPipeError as gone:
        # Whoever read it (head, less) has gone; the interpreter must not try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(exits.OK) from gone


def fail(code: int) -> typer.Exit:
    """To be raised by a command that has said all there is to say."""
    return typer.Exit(code)
