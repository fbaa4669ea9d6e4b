"""How fast files come in and out, beside `cp` and nginx, and what memory the server takes for it.

Run with `python -m benchmarks.transfer` (as root or not; nginx and curl from the distribution; 45 GB of free disk; some
ten minutes). A platform of its own, as `make run` starts it; the client's engine in this process; all on one machine.
Each figure is MB/s (10^6 bytes), or files a second; what is written is not waited for to reach the disk by `cp`, and is
by uploads, which are stored for good when they end.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil

from era_client import transfer
from era_client.transfer import LocalFile, Report, Server
from era_platform.embedded.ports import free_port
from tests.platform import Platform, eventually, running_platform

WEB = "era_platform.embedded.web"
BLOCK = 64 * 1024 * 1024
MB = 1_000_000
NGINX = """
daemon off; master_process off; error_log {folder}/error.log; pid {folder}/pid; {user}
events {{ }}
http {{
    access_log off; sendfile on; tcp_nopush on;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Cost:
    """What it takes: the most memory that one web process had beyond what it had before, and processor time."""

    def __init__(self, platform: Platform) -> None:
        self._processes = platform.processes(WEB)
        self._idle = {process.pid: self._own(process) for process in self._processes}
        self._stop = threading.Event()
        self.most = 0
        self.server = self.client = 0.0

    def __enter__(self) -> "Cost":
        threading.Thread(target=self._watch, daemon=True).start()
        self.server, self.client = -self._seconds(), -time.process_time()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self.server += self._seconds()
        self.client += time.process_time()

    def _seconds(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._processes)

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            for process in self._processes:
                self.most = max(self.most, self._own(process) - self._idle[process.pid])

    @staticmethod
    def _own(process: psutil.Process) -> int:
        return int(process.memory_info().rss)

    def __str__(self) -> str:
        seconds = f"processor: server {self.server:.1f} s, client {self.client:.1f} s"
        return f"{seconds}; server's memory at most {self.most / 2**20:.0f} MiB above idle"


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory(prefix="era-transfer-", dir=Path(options.folder).resolve()) as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        with running_platform(folder / "platform", ERA_LOG_LEVEL="WARNING") as platform:
            bench = Bench(platform, folder)
            bench.warm_up()
            if options.gib:
                bench.large(int(options.gib * 2**30))
            if options.files:
                bench.small(options.files)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=10, help="size of the large file; 0 leaves it out")
    parser.add_argument("--files", type=int, default=50_000, help="number of small files; 0 leaves them out")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="with room for 4.5 times the large file")
    return parser.parse_args()


class Bench:
    def __init__(self, platform: Platform, folder: Path) -> None:
        self._platform, self._folder = platform, folder
        token = platform.manage("create_token", "--user", "demo@example.com", "--org", "demo")
        self._server = Server(platform.url, token)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._api = httpx.Client(base_url=f"{platform.url}/api/v1/", headers=self._headers, timeout=600)

    def warm_up(self) -> None:
        """Both web processes have imported everything and know their database before memory is compared."""
        self._up("warm", write_small(self._folder / "warm", 500))
        for number in range(4):
            self._down("warm", self._folder / f"warm-{number}")

    def large(self, size: int) -> None:
        print(f"one file of {size / 2**30:g} GiB", flush=True)
        [file] = write_large(self._folder / "large", size)
        copied = timed(lambda: shell("cp", file.source, self._folder / "copy"))
        (self._folder / "copy").unlink()
        print(f"  cp                        {size / copied / MB:7.0f}", flush=True)
        with Cost(self._platform) as cost:
            report = self._up("large", [file])
        said("up, socket", size, report, copied, cost)
        file.source.unlink()
        self._http("large", file.path, size, report.digests[file.path])
        with Cost(self._platform) as cost:
            report = self._down("large", self._folder / "down")
        said("down, client", size, report, copied, cost)
        shutil.rmtree(self._folder / "down")

    def _http(self, dataset: str, path: str, size: int, digest: str) -> None:
        """The same bytes by plain HTTP: from the platform, and from nginx."""
        blobs = self._platform.folder / "storage" / "datasets"
        blob = next(blobs.rglob(digest))
        with nginx(self._folder / "nginx", blob.parent) as address:
            best = min(timed(lambda: curl(f"{address}/{digest}")) for _ in range(2))
        with Cost(self._platform) as cost:
            url = f"{self._platform.url}/api/v1/datasets/demo/{dataset}/versions/1/files/{path}"
            took = min(timed(lambda: curl(url, f"Authorization: {self._headers['Authorization']}")) for _ in range(2))
        print(f"  nginx, GET                {size / best / MB:7.0f}")
        print(f"  platform, GET             {size / took / MB:7.0f}   {best / took:.2f} × nginx; {cost}", flush=True)

    def small(self, count: int) -> None:
        files = write_small(self._folder / "small", count)
        size = sum(file.size for file in files)
        print(f"{count} files of 4 to 64 KiB, {size / MB:.0f} MB", flush=True)
        copied = timed(lambda: shell("cp", "-r", self._folder / "small", self._folder / "copy"))
        print(f"  cp -r                     {count / copied:7.0f} a second", flush=True)
        with Cost(self._platform) as cost:
            report = self._up("small", files)
        said_many("up, socket", count, report, copied, cost)
        with Cost(self._platform) as cost:
            report = self._down("small", self._folder / "down")
        said_many("down, socket", count, report, copied, cost)
        shell("diff", "-rq", self._folder / "small", self._folder / "down")

    def _up(self, dataset: str, files: list[LocalFile]) -> Report:
        self._post("datasets", name=dataset)
        draft = self._post(f"datasets/demo/{dataset}/versions")["id"]
        report = asyncio.run(transfer.upload(self._server, draft, files))
        assert not report.failures, report.failures[:3]
        self._post(f"datasets/demo/{dataset}/versions/{draft}/publish")
        return report

    def _down(self, dataset: str, folder: Path) -> Report:
        report = asyncio.run(transfer.download(self._server, f"demo/{dataset}@1", folder))
        assert not report.failures, report.failures[:3]
        return report

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._api.post(path, json=body)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}


def said(what: str, size: int, report: Report, copied: float, cost: Cost) -> None:
    rate = size / report.seconds / MB
    print(f"  {what:<25} {rate:7.0f}   {copied / report.seconds:.2f} × cp; {cost}", flush=True)


def said_many(what: str, count: int, report: Report, copied: float, cost: Cost) -> None:
    rate = count / report.seconds
    print(f"  {what:<25} {rate:7.0f} a second   {copied / report.seconds:.2f} × cp; {cost}", flush=True)


def write_large(folder: Path, size: int) -> list[LocalFile]:
    folder.mkdir()
    block, path = os.urandom(min(BLOCK, size)), folder / "large.bin"
    with path.open("wb") as file:
        for start in range(0, size, BLOCK):
            file.write(start.to_bytes(8, "big") + block[8 : size - start])
        os.fsync(file.fileno())
    return [LocalFile("large.bin", path, size)]


def write_small(folder: Path, count: int) -> list[LocalFile]:
    random, files = Random(count), []
    for number in range(count):
        path = f"{number % 100:02}/{number}.bin"
        place = folder / path
        if number < 100:
            place.parent.mkdir(parents=True, exist_ok=True)
        content = random.randbytes(random.randrange(4 * 1024, 64 * 1024))
        place.write_bytes(content)
        files.append(LocalFile(path, place, len(content)))
    return files


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[str]:
    """nginx that serves `root`, as its own documentation tells to."""
    folder.mkdir()
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "conf").write_text(NGINX.format(folder=folder, root=root, port=port, user=user))
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    process = subprocess.Popen([program, "-e", f"{folder}/error.log", "-c", f"{folder}/conf", "-p", str(folder)])
    try:
        eventually(
            lambda: subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/"], capture_output=True).returncode == 0
        )
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=5)
        return True
    except httpx.HTTPError:
        return False


def curl(url: str, *headers: str) -> None:
    shell("curl", "-sf", "-o", "/dev/null", *(word for header in headers for word in ("-H", header)), url)


def shell(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True)


def timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
