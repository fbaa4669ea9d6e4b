"""The nginx of a deployment, with its own configuration, in front of a portal that runs in a test."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from era_platform.embedded.ports import free_port
from tests.platform import PROJECT, eventually

PARTS = PROJECT / "docker" / "parts"


@contextmanager
def proxied(portal: str, storage: Path, folder: Path) -> Iterator[str]:
    """The address of the proxy. What differs from a deployment: no TLS, no name server, other folders."""
    port = free_port()
    _configure(folder, portal, storage, port)
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None
    process = subprocess.Popen([program, "-e", str(folder / "error.log"), "-c", str(folder / "portal.conf")])
    try:
        eventually(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{port}/healthz"), what="nginx")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _configure(folder: Path, portal: str, storage: Path, port: int) -> None:
    folder.mkdir()
    changes = [
        (r"/tmp/", f"{folder}/"),  # first: the folder itself may lie in it
        (r"/etc/era/", f"{folder}/"),
        (r"/srv/storage", str(storage)),
        (r"http://web:8000", portal),
        (r"listen 8443 ssl http2;", f"listen 127.0.0.1:{port};"),
        (r"listen 8080;", f"listen 127.0.0.1:{free_port()};"),
        (r"resolver\w* [^;]*;|ssl_\w+ [^;]*;", ""),
    ]
    if os.geteuid() != 0:
        changes.append((r"user root;", ""))
    texts = {name: (PARTS / name).read_text() for name in ("nginx.conf", "portal.conf", "storage.conf")}
    for before, after in changes:
        assert any(re.search(before, text) for text in texts.values()), before
        texts = {name: re.sub(before, lambda _found, new=after: new, text) for name, text in texts.items()}  # type: ignore[misc]
    for name, text in texts.items():
        (folder / name).write_text(text)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code == 200
    except httpx.HTTPError:
        return False
