"""Parquet: its schema and size from the end of the file, the columns from its first rows."""

import io
import time
from datetime import UTC, datetime
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from datasets.previews import columns
from datasets.previews.refusals import Refused

MOST_COLUMNS = 20_000
MOST_ROWS = 200_000
MOST_BYTES = 128 * 1024 * 1024
MOST_SECONDS = 4.0
BATCH = 2_000
LONGEST_TEXT, MOST_PARTS = 32 * 1024 * 1024, 1_000_000


def warm() -> None:
    out = io.BytesIO()
    moments = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    words = pa.array(["x"]).dictionary_encode()
    pq.write_table(pa.table({"a": [1.5], "b": ["x"], "c": moments, "d": [[1]], "e": words, "f": [b"x"]}), out)
    out.seek(0)
    show("parquet", out)


def show(kind: str, file: IO[bytes]) -> bytes:
    """What `columns.shown` gives."""
    try:
        return _shown(file)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise Refused("damaged") from error


def _shown(file: IO[bytes]) -> bytes:
    opened = pq.ParquetFile(
        file, pre_buffer=False, thrift_string_size_limit=LONGEST_TEXT, thrift_container_size_limit=MOST_PARTS
    )
    names = list(opened.schema_arrow.names)
    if len(names) > MOST_COLUMNS:
        raise Refused("columns", count=len(names), limit=MOST_COLUMNS)
    shown = names[: columns.MOST_COLUMNS]
    table = _first_rows(opened, shown)
    return columns.as_json(columns.shown(table, shown, columns=len(names), rows=opened.metadata.num_rows))


def _first_rows(opened: pq.ParquetFile, names: list[str]) -> pa.Table:
    """As many as fit into MOST_ROWS, MOST_BYTES and MOST_SECONDS; the first batch always."""
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    until = time.monotonic() + MOST_SECONDS
    for batch in opened.iter_batches(BATCH, columns=names, use_threads=False):
        batches.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= MOST_ROWS or size >= MOST_BYTES or time.monotonic() > until:
            break
    wanted = pa.schema([opened.schema_arrow.field(name) for name in names])
    return pa.Table.from_batches(batches, None if batches else wanted)
