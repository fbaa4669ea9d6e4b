"""A Docker Engine that builds images, in this machine's own network: that is where the package registries are."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.swarm.network import PATH, Cable, run
from tests.swarm.node import Node, remove_cgroups, unmount_below

BASE = "debian:bookworm-slim"
SMALLER = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man")


@contextmanager
def build_engine() -> Iterator[str]:
    """What DOCKER_HOST takes. The stack's base image is there: there is no hub to ask for it."""
    folder = Path(tempfile.mkdtemp(prefix="era-build-"))
    node = _engine(folder)
    try:
        _start(node)
        node.wait()
        _import_base(node, folder / "base")
        yield node.host
    finally:
        node.stop()
        unmount_below(folder)
        remove_cgroups(folder.name)
        shutil.rmtree(folder, ignore_errors=True)


def _engine(folder: Path) -> Node:
    cable = Cable(namespace=folder.name, bridge="", outer="", address="")
    return Node("build", folder, cable, ("--bridge=none", "--iptables=false", "--ip-forward=false"))


def _start(node: Node) -> None:
    with (node.folder / "dockerd.log").open("a") as log:
        node.daemon = subprocess.Popen(
            node.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "PATH": PATH}, start_new_session=True,
        )  # fmt: skip


def _import_base(node: Node, root: Path) -> None:
    run("debootstrap", "--variant=minbase", "bookworm", str(root))
    for part in SMALLER:
        shutil.rmtree(root / part, ignore_errors=True)
    archive = root.with_suffix(".tar")
    run("tar", "--create", "--file", str(archive), "--directory", str(root), ".")
    repository, tag = BASE.split(":")
    with node.client(timeout=600) as client:
        client.api.import_image_from_file(str(archive), repository=repository, tag=tag)
    archive.unlink()
    shutil.rmtree(root)
