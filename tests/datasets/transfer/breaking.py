"""Uploads through a front that can be cut, by a client that can be killed, into web processes that can be killed.

What one upload needs is in a folder: a client process (`tests.datasets.transfer.uploading`) goes on with it each time
it is started, until all is stored.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from era_client.transfer import LocalFile
from tests.datasets.transfer.uploading import files_in
from tests.platform import Platform, eventually

WEB = "era_platform.embedded.web"
PIECE = 64 * 1024


class Front:
    """A proxy of bytes on a port of its own: it can cut what goes through it, and be gone for a while.

    `passed` counts all bytes from clients. It lets through `rate` bytes a second, so that a break comes in the middle.
    """

    def __init__(self, port: int, rate: float = 40_000_000) -> None:
        self._target, self._rate = port, rate
        self.passed = 0
        self._listener = self._listening(0)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._accept()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Every connection is lost, without a word."""
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def restart(self, gone: float) -> None:
        self.close()
        time.sleep(gone)
        self._listener = self._listening(self.port)
        self._accept()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    @staticmethod
    def _listening(port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        return listener

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=[self._listener], daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _address = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                if listener.fileno() < 0:
                    return
                continue
            far.settimeout(None)
            self._open |= {near, far}
            threading.Thread(target=self._pass_on, args=[near, far, True], daemon=True).start()
            threading.Thread(target=self._pass_on, args=[far, near, False], daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                if is_counted:
                    self.passed += len(data)
                    time.sleep(len(data) / self._rate)
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)


@dataclass
class Upload:
    """Some files on their way into a draft, by a process of its own; `breaks` is what was done to it."""

    folder: Path
    front: Front
    token: str
    draft: str
    process: "subprocess.Popen[bytes] | None" = None
    breaks: int = 0
    starts: int = 0

    def start(self) -> None:
        self.starts += 1
        words = [sys.executable, "-m", "tests.datasets.transfer.uploading", str(self.folder), self.front.url]
        errors = (self.folder / "errors").open("ab")
        environment = {**os.environ, "ERA_TOKEN": self.token, "PYTHONPATH": f"{Path.cwd()}:{Path.cwd() / 'cli'}"}
        self.process = subprocess.Popen([*words, self.draft], env=environment, stderr=errors)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def is_done(self) -> bool:
        return (self.folder / "done").exists()


def write_files(folder: Path, random: Random, *, large: int, small: int) -> list[LocalFile]:
    """One large file, and some small ones."""
    source = folder / "files"
    source.mkdir(parents=True)
    (source / "large.bin").write_bytes(random.randbytes(large))
    for number in range(small):
        (source / f"small-{number}.bin").write_bytes(random.randbytes(random.randrange(1, 60_000)))
    return files_in(folder)


class Breaker:
    """Breaks something at random, and sees to it that it comes back."""

    def __init__(self, platform: Platform, front: Front, random: Random) -> None:
        self._platform, self._front, self._random = platform, front, random
        self._order: list[str] = []

    def break_something(self, upload: Upload) -> str:
        """One of four kinds; each of them comes as often as the others."""
        kinds: dict[str, Callable[[Upload], None]] = {
            "client killed": self._kill_client,
            "server killed": self._kill_server,
            "connection cut": lambda upload: self._front.cut(),
            "proxy restarted": lambda upload: self._front.restart(self._random.uniform(0, 0.3)),
        }
        self._order = self._order or self._random.sample(list(kinds), len(kinds))
        kind = self._order.pop()
        kinds[kind](upload)
        upload.breaks += 1
        return kind

    @staticmethod
    def _kill_client(upload: Upload) -> None:
        upload.kill()
        if not upload.is_done:
            upload.start()

    def _kill_server(self, upload: Upload) -> None:
        for process in self._platform.processes(WEB):
            with suppress(OSError):
                process.kill()
        eventually(lambda: self._platform.processes(WEB), within=90, what="a web process again")


def uploaded(upload: Upload, breaker: Breaker, random: Random, *, breaks: int, size: int) -> Counter[str]:
    """Bring it to its end through so many breaks, each somewhere in the middle; which ones there were."""
    kinds: Counter[str] = Counter()
    upload.start()
    for _ in range(breaks):
        # Each a little further on, whatever was sent again so far.
        wanted = upload.front.passed + int(size / (breaks + 1) * random.uniform(0.3, 1))
        eventually(lambda wanted=wanted: upload.is_done or upload.front.passed >= wanted, within=120, every=0.005)  # type: ignore[misc]
        if upload.is_done:
            break
        kinds[breaker.break_something(upload)] += 1
    eventually(lambda: upload.is_done, within=180, what=f"the end of {upload.folder}")
    assert upload.process is not None
    upload.process.wait(60)
    return kinds


def new_draft(api: httpx.Client, name: str) -> str:
    api.post("datasets", json={"name": name}).raise_for_status()
    return str(api.post(f"datasets/demo/{name}/versions", json={}).raise_for_status().json()["id"])


def files_of_draft(api: httpx.Client, name: str, draft: str) -> dict[str, str]:
    """path → SHA-256, as the platform has them now."""
    found: dict[str, str] = {}
    following: Any = f"datasets/demo/{name}/versions/{draft}/files"
    while following:
        page = api.get(following).raise_for_status().json()
        found |= {file["path"]: file["sha256"] for file in page["results"]}
        following = page["next"]
    return found
