"""What is wrong with an answer, and what lies where nothing should."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.datasets.fuzzing.answers import Answer
from tests.datasets.fuzzing.calls import Call

MOST_NAMED = 20
_PLACES = re.compile(
    r"datasets(/\d+(/(blobs(/[0-9a-f]{2}(/[0-9a-f]{64})?)?|parts(/[0-9a-f-]{36})?|trees(/.*)?|removed(/[0-9a-f]{64})?|previews(/.*)?))?)?"
)
_NO_HTTP = b"Invalid HTTP request received."
_TRACES = (b"Traceback", b'File "/', b"django.", b"psycopg")


@dataclass
class Verdict:
    """Counts of answers by kind and status, and what was wrong, MOST_NAMED of them by name."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    count_wrong: int = 0

    def judge(self, call: Call, answer: Answer) -> None:
        self.answers[call.kind, answer.status] += 1
        if found := _fault(answer):
            self.count_wrong += 1
            if len(self.wrong) < MOST_NAMED:
                self.wrong.append(
                    f"{found}: {call.method} {call.target[:200]!r} {call.headers[1:]!r:.300} {answer.body[:200]!r}"
                )

    def count(self, kind: str = "") -> int:
        return sum(count for (each, _status), count in self.answers.items() if kind in ("", each))

    def of_status(self, low: int, high: int) -> int:
        return sum(count for (_kind, status), count in self.answers.items() if low <= status <= high)


def _fault(answer: Answer) -> str:
    if answer.status == 400 and answer.body == _NO_HTTP:
        return ""  # the HTTP server's own answer: no application has seen it
    if answer.status >= 500:
        return f"status {answer.status}"
    if answer.status >= 400 and answer.size and answer.content_type != "application/problem+json":
        return f"status {answer.status} as {answer.content_type}"
    if answer.status >= 400 and any(trace in answer.body for trace in _TRACES):
        return "tells of the inside"
    return ""


def strays(root: Path) -> list[str]:
    """What lies in the storage's `datasets` and is none of the places that it has; and links and the like anywhere."""
    found = []
    for path in (root / "datasets").rglob("*"):
        relative = path.relative_to(root).as_posix()
        if not _PLACES.fullmatch(relative) or path.is_symlink() or not (path.is_dir() or path.is_file()):
            found.append(relative)
    return found


def everything(root: Path) -> dict[str, tuple[int, int]]:
    """Path → size and time of all files below `root` but those of datasets: what no call of ours may change."""
    return {
        path.relative_to(root).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in root.rglob("*")
        if path.relative_to(root).parts[0] != "datasets" and not path.is_dir()
    }


def size_of(folder: Path) -> tuple[int, int]:
    """Files below it, and their bytes."""
    sizes = [path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()]
    return len(sizes), sum(sizes)
