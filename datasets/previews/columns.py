"""A table as people look at it: its first rows, and of each column what its values are like."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from datasets.previews.numbers import histogram
from datasets.previews.texts import clipped

MOST_ROWS = 100
MOST_COLUMNS = 50
LONGEST_CELL = 160
MOST_TOP = 4

pa.set_cpu_count(1)
pa.set_io_thread_count(1)


def shown(table: pa.Table, names: list[str], *, columns: int, rows: int | None) -> dict[str, Any]:
    """`table` holds the first MOST_COLUMNS of `columns`, and of all `rows` (None: not known) perhaps only the first."""
    return {
        "columns": [_column(clipped(name, 100), table.column(at)) for at, name in enumerate(names)],
        "more_columns": columns - len(names),
        "rows": _rows(table.slice(0, MOST_ROWS)),
        "row_count": rows,
        "measured": table.num_rows,
        "whole": rows == table.num_rows,
    }


def as_json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, default=str).encode()


def _rows(table: pa.Table) -> list[list[str | None]]:
    columns = [[_cell(value) for value in _naive(column).to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"{value[:24].hex(' ')}{'…' if len(value) > 24 else ''}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return clipped(str(value), LONGEST_CELL)


def _naive(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Moments as they are stored: time zones are read from files, and there are none in here."""
    if kinds.is_timestamp(column.type):
        return column.cast(pa.timestamp("us"), safe=False)
    return column


def _column(name: str, column: pa.ChunkedArray) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "type": str(column.type)[:60], "nulls": column.null_count}
    kind = column.type
    if kinds.is_boolean(kind) or kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_dictionary(kind):
        return told | _words(column)
    if kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind):
        return told | _numbers(column)
    if kinds.is_timestamp(kind) or kinds.is_date(kind):
        return told | _moments(column)
    return told


def _numbers(column: pa.ChunkedArray) -> dict[str, Any]:
    values = column.cast(pa.float64(), safe=False).drop_null().to_numpy()
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {}
    edges = {"min": float(finite.min()), "max": float(finite.max())}
    return edges | {"mean": float(finite.mean()), "std": float(finite.std()), "bins": histogram(finite)}


def _moments(column: pa.ChunkedArray) -> dict[str, Any]:
    moments = column.cast(pa.timestamp("us"), safe=False).drop_null()
    if not len(moments):
        return {}
    edges = pc.min_max(moments).as_py()
    bins = histogram(moments.cast(pa.int64()).to_numpy().astype(np.float64))
    return {"first": str(edges["min"]), "last": str(edges["max"]), "bins": bins}


def _words(column: pa.ChunkedArray) -> dict[str, Any]:
    plain = column.cast(pa.string()) if kinds.is_dictionary(column.type) else column
    counts = pc.value_counts(plain.drop_null())
    order = np.argsort(-counts.field("counts").to_numpy(), kind="stable")[:MOST_TOP]
    top = [
        (clipped(str(counts.field("values")[int(at)].as_py()), 40), counts.field("counts")[int(at)].as_py())
        for at in order
    ]
    return {"distinct": len(counts), "top": top}
