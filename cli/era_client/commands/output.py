"""What is shown: results on standard output, all else on standard error; plain where that is no terminal."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

from era_client.commands import tables
from era_client.commands.tables import Column
from era_client.errors import ApiError, EraError, JobFileError
from era_client.transfers import PartlyFailed

MOST_FAILURES = 20


def clean(value: object) -> str:
    """Without control characters: what others named must not steer this terminal."""
    return "".join("�" if ord(letter) < 32 or 127 <= ord(letter) < 160 else letter for letter in str(value))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read has gone (head, less): that is no failure. Rich itself would end with 1."""
        raise BrokenPipeError


class Output:
    """`as_json`: one JSON document on standard output and nothing else there. `quiet`: results only."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet
        self.console = _Console(highlight=False, markup=False, emoji=False)
        self.aside = _Console(stderr=True, highlight=False, markup=False, emoji=False)

    @property
    def is_terminal(self) -> bool:
        return self.console.is_terminal

    # --- results -----------------------------------------------------------------------------------

    def json(self, value: Any) -> None:
        print(json.dumps(value, indent=2, ensure_ascii=False, default=str), flush=True)

    def json_line(self, value: Any) -> None:
        print(json.dumps(value, ensure_ascii=False, default=str), flush=True)

    def line(self, text: object, style: str = "") -> None:
        self.console.print(Text(clean(text), style=style), soft_wrap=True)

    def facts(self, facts: Sequence[tuple[str, object]]) -> None:
        """Names and values, one below the other; those without a value are left out."""
        shown = [(name, clean(value)) for name, value in facts if value not in (None, "")]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.console.print(tables.named(name, value, width), soft_wrap=True)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[object]], *, empty: str = "") -> None:
        cells = [[clean("–" if cell is None else cell) for cell in row] for row in rows]
        if not cells:
            self.note(empty)
            return
        for line in tables.lines(columns, cells, self.console.width if self.is_terminal else None):
            self.console.print(line, soft_wrap=True)

    # --- aside -------------------------------------------------------------------------------------

    def note(self, text: str, style: str = "") -> None:
        """For the person who waits; not with --quiet or --json."""
        if text and not self.quiet and not self.as_json:
            self._tell(Text(clean(text), style=style))

    def warn(self, text: str) -> None:
        self._tell(Text.assemble(("Note: ", "yellow"), clean(text)))

    def error(self, error: EraError) -> None:
        if self.as_json:
            self.json({"error": error.as_dict()})
            return
        for line in _lines_of(error):
            self._tell(Text.assemble(("era: ", "bold red"), clean(line)))
        if error.hint:
            self._tell(Text(f"     {clean(error.hint)}"))

    def _tell(self, text: Text) -> None:
        # Broken between words for people; for files a line stays a line.
        self.aside.print(text, soft_wrap=not self.aside.is_terminal)

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator["Bar"]:
        """A bar for bytes, where there is somebody to look at it."""
        silent = self.quiet or self.as_json or not self.aside.is_terminal
        parts = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
        )
        with Progress(*parts, console=self.aside, disable=silent, transient=True) as shown:
            yield Bar(shown, clean(what), total)


class Bar:
    """`update(done)` with the bytes that are there now."""

    def __init__(self, progress: Progress, what: str, total: int | None) -> None:
        self._progress, self._task = progress, progress.add_task(what, total=total)

    def update(self, done: int, *, total: int | None = None, what: str | None = None) -> None:
        description = None if what is None else clean(what)
        self._progress.update(self._task, completed=done, total=total, description=description)


def _lines_of(error: EraError) -> list[str]:
    if isinstance(error, JobFileError):
        return [f"{error.path}:{fault}" if fault.line else str(fault) for fault in error.faults]
    if isinstance(error, PartlyFailed):
        listed = [f"{failure.path}: {failure.detail}" for failure in error.failures[:MOST_FAILURES]]
        more = len(error.failures) - len(listed)
        return [error.detail, *listed, *([f"… and {more:,} more"] if more else [])]
    if not isinstance(error, ApiError):
        return error.detail.splitlines()
    lines = [f"{one.get('field', '')}: {one.get('detail', '')}".removeprefix(": ") for one in error.errors]
    lines = lines or [f"{error.field}: {error.detail}" if error.field else error.detail]
    return [*lines, *([f"(request {error.request_id})"] if error.request_id and error.status >= 500 else [])]
