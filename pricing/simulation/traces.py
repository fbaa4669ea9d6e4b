"""Reads traces of jobs: when each was submitted, how long it ran, how many units it used. Nothing is altered."""

import csv
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np


class TraceError(ValueError):
    """The trace can't be read; the message names file, line and value."""


class Job(NamedTuple):
    """`submitted` and `duration` in seconds; `density` is what a unit for an hour is worth, None where unknown."""

    submitted: float
    duration: float
    units: int
    density: float | None = None


def read(path: Path, form: str) -> list[Job]:
    """The jobs of a trace in order of submission; `form` is one of `FORMATS`. Raises TraceError."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as lines:
            jobs = list(FORMATS[form](path, lines))
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from error
    if len(jobs) < 2:
        raise TraceError(f"{path}: {len(jobs)} jobs are too few to learn from some and to sell to the others")
    return sorted(jobs, key=lambda job: job.submitted)


def _itp(path: Path, lines: Iterable[str]) -> Iterator[Job]:
    return _columns(path, lines, "submission_time", "duration", "num_gpu")


def _csv(path: Path, lines: Iterable[str]) -> Iterator[Job]:
    return _columns(path, lines, "submitted", "duration", "units")


def _columns(path: Path, lines: Iterable[str], submitted: str, duration: str, units: str) -> Iterator[Job]:
    rows = csv.DictReader(lines)
    for name in (submitted, duration, units):
        if name not in (rows.fieldnames or ()):
            raise TraceError(
                f"{path}:1: there is no column {name!r}, only {', '.join(rows.fieldnames or ()) or 'none'}"
            )
    for row in rows:
        where = f"{path}:{rows.line_num}"
        yield Job(
            _number(where, submitted, row[submitted]),
            _positive(where, duration, row[duration]),
            _whole(where, units, row[units]),
            _positive(where, "density", row["density"]) if row.get("density") else None,
        )


def _swf(path: Path, lines: Iterable[str]) -> Iterator[Job]:
    """Standard Workload Format. Jobs that never ran (no time or no processors) are left out."""
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";"):
            continue
        where = f"{path}:{number}"
        if len(fields) < 8:
            raise TraceError(f"{where}: {len(fields)} fields, at least 8 are needed")
        ran, used, asked = (_number(where, f"field {k}", fields[k - 1]) for k in (4, 5, 8))
        units = int(used if used > 0 else asked)
        if ran > 0 and units > 0:
            yield Job(_number(where, "field 2", fields[1]), ran, units)


def yahoo_like(seed: int, *, days: float = 4.0) -> list[Job]:
    """Six classes of 1,400 to 1,500 jobs each, as in the paper: the class of the largest jobs is worth 1
    a unit and hour, the others 10. Source of the mix: arXiv 1702.07311, section 5 (sizes are our own)."""
    draw = np.random.default_rng(seed)
    jobs: list[Job] = []
    for units, hours, density in ((1, 0.5, 10), (2, 0.5, 10), (2, 1, 10), (4, 1, 10), (4, 2, 10), (16, 8, 1)):
        count = int(draw.integers(1_400, 1_501))
        submitted = np.sort(draw.uniform(0, days * 86_400, count))
        lasting = hours * 3_600 * draw.uniform(0.7, 1.3, count)
        jobs += [
            Job(float(at), float(lasts), units, float(density)) for at, lasts in zip(submitted, lasting, strict=True)
        ]
    return sorted(jobs)


FORMATS: dict[str, Callable[[Path, Iterable[str]], Iterator[Job]]] = {"itp": _itp, "swf": _swf, "csv": _csv}


def _number(where: str, name: str, text: str | None) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise TraceError(f"{where}: {name} is {text!r}, not a number")
    return number


def _positive(where: str, name: str, text: str | None) -> float:
    number = _number(where, name, text)
    if number <= 0:
        raise TraceError(f"{where}: {name} is {text!r}, not more than 0")
    return number


def _whole(where: str, name: str, text: str | None) -> int:
    number = _positive(where, name, text)
    if number != int(number):
        raise TraceError(f"{where}: {name} is {text!r}, not a whole number")
    return int(number)
