"""Does anything sent to datasets do harm? 100,000 made-up calls, archives and frames against a running platform.

Run with `python -m benchmarks.fuzz_files` (not part of `make bench`): a platform of its own is sent calls whose names,
headers, bodies and archives are changed at random, as bytes over several connections (`tests/datasets/fuzzing`); the
reader of archives is given further ones in this process; and the transfer socket's own test plays frames
(`tests/datasets/transfer/test_fuzz.py`). Printed are answers by kind, 5xx, what lies where it should not, and by how
much disk and memory have grown when all drafts are abandoned and swept.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import IO, Any

import httpx
import psutil
from django.conf import settings

from era_platform.common import archives
from tests.datasets.fuzzing.calls import World, calls
from tests.datasets.fuzzing.judging import Verdict, everything, size_of, strays
from tests.datasets.fuzzing.packs import RARE, an_archive
from tests.datasets.fuzzing.raw import Raw
from tests.platform import PROJECT, Platform, a_request, eventually, running_platform

MIB = 2**20
CONNECTIONS, EVERY = 8, 2_500
"""Connections at once, and after how many calls memory is looked at."""
FILES = {"readme.md": b"what it is\n", "a/b/c.csv": b"a,b\n" * 400, "images/0001.png": bytes(5000), "empty": b""}
FORGET = """
from django_scopes import scopes_disabled
from accounts.models import User
from datasets.models import Blob, Entry, Usage, Version
from datasets.services import drafts, sweep
with scopes_disabled():
    actor = User.objects.get(email="demo@example.com")
    for draft in Version.objects.filter(number=None, deleted_at=None).select_related("dataset__organization"):
        drafts.abandon(actor=actor, version=draft)
sweep.sweep_loosened()
sweep.sweep_disk()
with scopes_disabled():
    kept = Blob.objects.filter(entries__isnull=False).distinct()
    print("KEPT", kept.count(), sum(blob.size for blob in kept), Blob.objects.count(), Usage.objects.get().stored)
"""


def main() -> None:
    options = parse()
    settings.configure(USE_I18N=False)  # for what the reader of archives says
    read_archives(Random(options.seed), options.packs)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="era-fuzz-")))
        limits = {"ERA_DATASET_ARCHIVE_MAX_BYTES": str(MIB), "ERA_DATASET_QUOTA_BYTES": str(1024 * MIB)}
        platform = running.enter_context(running_platform(folder, **limits))
        against(platform, folder, options)
    play_frames(options.frames, options.seed)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_files", description=__doc__)
    parser.add_argument("--calls", type=int, default=70_000)
    parser.add_argument("--packs", type=int, default=20_000, help="archives that the reader is given by itself")
    parser.add_argument("--frames", type=int, default=30_000)
    parser.add_argument("--seconds", type=float, default=3_600, help="calls end after so long at the latest")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def read_archives(random: Random, count: int) -> None:
    """Archives given to the reader itself, as files."""
    found, began = Counter[str](), time.monotonic()
    with tempfile.TemporaryFile() as file:
        for number in range(count):
            packed = random.choice(RARE)(random) if number % 400 == 399 else an_archive(random)
            file.seek(0)
            file.truncate()
            file.write(packed)
            found[_read(file)] += 1
    print(f"archives read by themselves: {count}, {dict(found)}, {time.monotonic() - began:.0f} s", flush=True)


def _read(file: IO[bytes]) -> str:
    try:
        for entry in archives.entries(file, archives.Limits(16 * MIB, 2_000)):
            while entry.content and entry.content.read(MIB):
                continue
    except archives.Refused:
        return "refused"
    except Exception as error:  # noqa: BLE001  (what is looked for)
        return f"RAISED {type(error).__name__}"
    return "read"


def against(platform: Platform, folder: Path, options: argparse.Namespace) -> None:
    with platform.client() as client:
        world = made(client)
    root, web = folder / "storage", platform.processes("era_platform.embedded.web")
    before, disk = everything(root), size_of(root / "datasets")
    verdict, memory, began = asyncio.run(send(platform, web, world, options))
    took = time.monotonic() - began
    told = platform.manage("shell", "-c", FORGET).split("KEPT ")[1]
    kept, kept_bytes, blobs, stored = map(int, told.split())
    print(f"calls: {verdict.count()} in {took:.0f} s, by kind and status:")
    for kind in sorted({kind for kind, _status in verdict.answers}):
        statuses = {status: count for (each, status), count in sorted(verdict.answers.items()) if each == kind}
        print(f"  {kind}: {sum(statuses.values())}, {statuses}")
    print(f"5xx: {verdict.of_status(500, 599)}; answers that are wrong otherwise: {verdict.count_wrong}")
    print("\n".join(verdict.wrong))
    print(f"in the wrong place: {strays(root)}; others' files changed: {everything(root) != before}")
    print(f"files: {disk} before, {size_of(root / 'datasets')} after; needed: {kept} of {kept_bytes} bytes")
    print(f"rows: {blobs} blobs, {stored} bytes counted")
    print(f"memory of the web processes together, MiB: {', '.join(f'{each / MIB:.0f}' for each in memory)}", flush=True)


def made(client: httpx.Client) -> World:
    """A dataset with a version, three drafts, and a job that has ended."""

    def told(answer: httpx.Response) -> Any:
        answer.raise_for_status()
        return answer.json()

    script = "echo 42 > $ERA_OUTPUT_DIR/result.txt"
    job = told(client.post("jobs", json=a_request(command=["sh", "-c", script])))["id"]
    told(client.post("datasets", json={"name": "digits", "tags": ["images"]}))
    at = "datasets/demo/digits/versions"
    first = told(client.post(at, json={}))["id"]
    for path, content in FILES.items():
        told(client.put(f"{at}/{first}/files/{path}", content=content))
    number = told(client.post(f"{at}/{first}/publish", json={}))["number"]
    drafts = tuple(told(client.post(at, json={}))["id"] for _ in range(3))
    eventually(lambda: told(client.get(f"jobs/{job}"))["state"] == "succeeded", within=180, every=1)
    token = client.headers["Authorization"].removeprefix("Bearer ")
    return World(token, "demo", "digits", number, drafts, tuple(FILES), job)


async def send(
    platform: Platform, web: list[psutil.Process], world: World, options: argparse.Namespace
) -> tuple[Verdict, list[int], float]:
    """The answers, the memory of all web processes now and then, and when it began."""
    verdict, memory, began = Verdict(), list[int](), time.monotonic()
    waiting = calls(Random(options.seed), world, options.calls)

    async def one() -> None:
        door = Raw("localhost", platform.port)
        for call in waiting:
            if time.monotonic() > began + options.seconds:
                break
            verdict.judge(call, await door.ask(call))
            if verdict.count() % EVERY == 0:
                memory.append(sum(process.memory_info().rss for process in web))
        await door.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return verdict, memory, began


def play_frames(count: int, seed: int) -> None:
    environment = {**os.environ, "ERA_FUZZ_CASES": str(count), "ERA_FUZZ_SEED": str(seed)}
    command = [sys.executable, "-m", "pytest", "-q", "tests/datasets/transfer/test_fuzz.py"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    print(f"frames: {count}, {done.stdout.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
