"""CSV and its kin: the first MOST_BYTES of it, with the delimiter found out."""

import csv
import io
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.csv as pa_csv

from datasets.previews import columns
from datasets.previews.refusals import Refused
from datasets.previews.texts import decoded

MOST_BYTES = 32 * 1024 * 1024
MOST_COLUMNS = 20_000
LONGEST_HEADER = 1024 * 1024
DELIMITERS = ",;\t|"


def warm() -> None:
    show("csv", io.BytesIO(b"a,b,c,d\n1,x,2026-01-01 10:00:00,true\n0.5,y,,false\n"))


def show(kind: str, file: IO[bytes]) -> bytes:
    """What `columns.shown` gives, `left_out`: rows that have another number of cells, and the `delimiter`."""
    data = file.read(MOST_BYTES + 1)
    whole = len(data) <= MOST_BYTES
    if not whole:
        data = data[: data.rfind(b"\n", 0, MOST_BYTES) + 1]
    if not data.strip():
        raise Refused("empty" if whole else "line")
    delimiter = _delimiter(data[:LONGEST_HEADER])
    text, _encoding = decoded(data)
    header, rest = _header(text, delimiter)
    if not whole and not rest.strip():
        raise Refused("line")
    shown = header[: columns.MOST_COLUMNS]
    left_out: list[None] = []
    table = _table(rest.encode(), len(header), len(shown), delimiter, left_out)
    told = columns.shown(table, shown, columns=len(header), rows=table.num_rows if whole else None)
    return columns.as_json({**told, "left_out": len(left_out), "delimiter": delimiter})


def _delimiter(data: bytes) -> str:
    """The one that stands as often in the second line as in the first, or else most often in the first."""
    first, second = [*data.split(b"\n", 2)[:2], b""][:2]
    return max(DELIMITERS, key=lambda sign: _score(sign.encode(), first, second))


def _score(sign: bytes, first: bytes, second: bytes) -> tuple[bool, int]:
    count = first.count(sign)
    return count > 0 and count == second.count(sign), count


def _header(text: str, delimiter: str) -> tuple[list[str], str]:
    """The columns' names, and what follows them. Where all of the first line are numbers, they have none."""
    taken = _Taken(text)
    try:
        names = next(csv.reader(iter(taken), delimiter=delimiter))
    except csv.Error as error:
        raise Refused("line") from error
    if len(names) > MOST_COLUMNS:
        raise Refused("columns", count=len(names), limit=MOST_COLUMNS)
    if all(_is_number(name) for name in names):
        return [str(number + 1) for number in range(len(names))], text
    return names, text[taken.at :]


class _Taken:
    """Lines of a text, and how far they have been read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def __iter__(self) -> Iterator[str]:
        while self.at < min(len(self.text), LONGEST_HEADER):
            end = self.text.find("\n", self.at) + 1 or len(self.text)
            line, self.at = self.text[self.at : end], end
            yield line


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _table(data: bytes, count: int, shown: int, delimiter: str, left_out: list[None]) -> pa.Table:
    names = [f"c{number}" for number in range(count)]

    def leave_out(_row: object) -> str:
        left_out.append(None)
        return "skip"

    if not data.strip():
        return pa.table({name: pa.array([], pa.string()) for name in names[:shown]})
    try:
        return pa_csv.read_csv(
            io.BytesIO(data),
            pa_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=leave_out),
            pa_csv.ConvertOptions(
                include_columns=names[:shown], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise Refused("damaged") from error
