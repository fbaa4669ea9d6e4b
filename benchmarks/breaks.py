"""Is a file ever there in part, and how much is sent twice? 200 breaks of uploads, of four kinds at random.

Run with `python -m benchmarks.breaks` (some ten minutes): uploads of one large file and some small ones into a platform
of its own, each through some breaks: the client killed, all web processes killed, the connection cut, the proxy between
them gone for a moment. While they run, the draft is looked at all the time: what it shows must be whole.
"""

import argparse
import hashlib
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import httpx

from datasets.transfer.limits import CHUNK
from tests.datasets.transfer.breaking import Breaker, Front, Upload, files_of_draft, new_draft, uploaded, write_files
from tests.platform import Platform, running_platform

LARGE, SMALL, BREAKS_EACH = 48 * 1024 * 1024, 20, 4
UPLOADS_EACH = 4


class Outcome(NamedTuple):
    """Of one upload: which breaks there were; bytes sent twice for each; files that were ever wrong; how often it
    was looked."""

    kinds: Counter[str]
    twice: float
    wrong: list[str]
    looks: int


class Watch:
    """Looks at a draft again and again; `wrong` are the files that it showed and that were not as they are."""

    def __init__(self, platform: Platform, name: str, draft: str, expected: dict[str, str]) -> None:
        self._api, self._name, self._draft, self._expected = platform.client(), name, draft, expected
        self._stop = threading.Event()
        self.looks, self.wrong = 0, set[str]()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            with suppress(httpx.HTTPError):
                there = files_of_draft(self._api, self._name, self._draft)
                self.looks += 1
                self.wrong |= {path for path, digest in there.items() if self._expected.get(path) != digest}

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._api.close()


def main() -> None:
    """Told to stop, it says how far it came."""
    options, outcomes, began = parse(), list[Outcome](), time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    try:
        with tempfile.TemporaryDirectory(prefix="era-breaks-", dir=Path(options.folder).resolve()) as scratch:
            Path(scratch).chmod(0o755)
            go_on(Path(scratch), options, outcomes)
    finally:
        report(outcomes, time.monotonic() - began)


def go_on(folder: Path, options: argparse.Namespace, outcomes: list[Outcome]) -> None:
    random, done = Random(options.seed), 0
    while done < options.breaks:
        for outcome in some(folder / f"platform-{done}", random):
            outcomes.append(outcome)
            done += outcome.kinds.total()
            print(
                f"{done} breaks; sent twice {outcome.twice / CHUNK:.2f} chunks each; wrong: {outcome.wrong}", flush=True
            )


def report(outcomes: list[Outcome], seconds: float) -> None:
    kinds = sum((outcome.kinds for outcome in outcomes), Counter[str]())
    wrong = [path for outcome in outcomes for path in outcome.wrong]
    again = [outcome.twice / CHUNK for outcome in outcomes]
    print(f"{len(again)} uploads, {kinds.total()} breaks in {seconds:.0f} s: {dict(kinds)}")
    looks = sum(outcome.looks for outcome in outcomes)
    print(f"draft looked at {looks} times; files that were not whole, or not right: {len(wrong)} {wrong[:3]}")
    if again:
        print(
            f"sent twice for each break, in chunks: {sum(again) / len(again):.2f}, most of one upload {max(again):.2f}"
        )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--breaks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where there is room for some gigabytes")
    return parser.parse_args()


def some(folder: Path, random: Random) -> Iterator[Outcome]:
    """Some uploads into a platform of their own: one whose web processes are killed often restarts them ever later."""
    with running_platform(folder, ERA_LOG_LEVEL="WARNING", ERA_WEB_WORKERS="1") as platform, platform.client() as api:
        for number in range(UPLOADS_EACH):
            yield one(platform, api, folder / f"upload-{number}", random)
    shutil.rmtree(folder)


def one(platform: Platform, api: httpx.Client, folder: Path, random: Random) -> Outcome:
    files = write_files(folder, random, large=LARGE, small=SMALL)
    expected = {file.path: hashlib.sha256(file.source.read_bytes()).hexdigest() for file in files}
    front = Front(platform.port)
    upload = Upload(folder, front, api.headers["Authorization"].removeprefix("Bearer "), new_draft(api, folder.name))
    watch = Watch(platform, folder.name, upload.draft, expected)
    kinds = uploaded(upload, Breaker(platform, front, random), random, breaks=BREAKS_EACH, size=LARGE)
    watch.stop()
    front.close()
    there = files_of_draft(api, folder.name, upload.draft)
    wrong = sorted(watch.wrong | {path for path in expected if there.get(path) != expected[path]})
    sent_twice = front.passed - sum(file.size for file in files)
    return Outcome(kinds, sent_twice / max(upload.breaks, 1), wrong, watch.looks)


if __name__ == "__main__":
    main()
