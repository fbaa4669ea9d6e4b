"""Tables in straight columns: whole where there is room; where there is none, long names give way, or columns are
turned into lines."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

GAP = "  "
LEAST = 12
"""So much of a column that gives way is always shown."""
STYLES = {
    "succeeded": "green",
    "running": "cyan",
    "starting": "cyan",
    "reserved": "blue",
    "failed": "red",
    "rejected": "red",
    "timed_out": "yellow",
    "cancelled": "yellow",
    "published": "green",
    "draft": "yellow",
}


class Column(NamedTuple):
    """`shrinks`: this one gives way where the terminal is narrow."""

    title: str
    right: bool = False
    shrinks: bool = False


Cells = Sequence[Sequence[str]]


def lines(columns: Sequence[Column], cells: Cells, width: int | None) -> Iterator[Text]:
    """The table line by line; `width` is the terminal's, None for as wide as it needs."""
    natural = _natural(columns, cells)
    widths = natural if width is None else _fitted(columns, natural, width)
    if widths is None:
        yield from _stacked(columns, cells)
        return
    yield _line(columns, [column.title for column in columns], widths, header=True)
    for row in cells:
        yield _line(columns, row, widths)


def _natural(columns: Sequence[Column], cells: Cells) -> list[int]:
    return [
        max(cell_len(column.title), *(cell_len(row[place]) for row in cells)) for place, column in enumerate(columns)
    ]


def _fitted(columns: Sequence[Column], widths: list[int], width: int) -> list[int] | None:
    """The widest that fit; None where it can't be done."""
    fitted = list(widths)
    excess = sum(widths) + len(GAP) * (len(columns) - 1) - width
    giving = [place for place, column in enumerate(columns) if column.shrinks]
    for place in sorted(giving, key=lambda place: -widths[place]):
        given = max(0, min(excess, fitted[place] - LEAST))
        fitted[place], excess = fitted[place] - given, excess - given
    return fitted if excess <= 0 else None


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], *, header: bool = False) -> Text:
    line = Text()
    for column, cell, width in zip(columns, row, widths, strict=True):
        shown = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        room = " " * (width - cell_len(shown))
        style = "dim" if header else STYLES.get(cell, "")
        line.append(room if column.right else "").append(shown, style=style).append("" if column.right else room)
        line.append(GAP)
    line.rstrip()
    return line


def _stacked(columns: Sequence[Column], cells: Cells) -> Iterator[Text]:
    """Each row as lines of names and values."""
    width = max(len(column.title) for column in columns)
    for number, row in enumerate(cells):
        if number:
            yield Text()
        for column, cell in zip(columns, row, strict=True):
            yield named(column.title.lower(), cell, width)


def named(name: str, value: str, width: int) -> Text:
    return Text(f"{name:<{width}}{GAP}", style="dim").append(value, style=STYLES.get(value, "not dim"))
