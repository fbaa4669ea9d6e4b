"""A real Docker Engine for tests, with a Swarm of one node, apart from whatever else runs on this machine."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

SECONDS_TO_START, SECONDS_TO_STOP = 60, 30


@dataclass(frozen=True)
class Rig:
    """`host` is what ERA_DOCKER_HOST takes."""

    folder: Path
    daemon: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    def client(self) -> AbstractContextManager[docker.DockerClient]:
        return closing(docker.DockerClient(base_url=self.host, version="auto", timeout=60))

    def log(self) -> str:
        return (self.folder / "dockerd.log").read_text(errors="replace")


def reason_it_cannot_run() -> str:
    """Why this machine lets us run no Docker Engine; empty if it does."""
    if os.geteuid() != 0:
        return "a Docker Engine of one's own needs root"
    tried = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"a Docker Engine of one's own needs namespaces ({tried.stderr.strip()})"
    if not os.access("/sys/fs/cgroup", os.W_OK) or os.statvfs("/sys/fs/cgroup").f_flag & os.ST_RDONLY:
        return "a Docker Engine of one's own needs control groups that can be written"
    return ""


@contextmanager
def running_swarm(*options: str) -> Iterator[Rig]:
    """A Swarm with this machine as its only node; `options` go to dockerd. All is gone when the context ends."""
    folder = Path(tempfile.mkdtemp(prefix="era-docker-"))
    rig = Rig(folder, _start(folder, options))
    try:
        _wait_for(rig)
        with rig.client() as client:
            client.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1:2377")
        yield rig
    finally:
        _stop(rig)


def _start(folder: Path, options: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    # A network of its own: neither its ports nor its firewall rules meet those of the machine or of another one.
    daemon = [
        "dockerd", "--host", f"unix://{folder}/docker.sock", "--data-root", f"{folder}/data",
        "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid", "--cgroup-parent", f"/{folder.name}", *options,
    ]  # fmt: skip
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *daemon]
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    with (folder / "dockerd.log").open("w") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": path}, start_new_session=True
        )


def _wait_for(rig: Rig) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with rig.client() as client:
                client.ping()
            return
        except (docker.errors.DockerException, OSError) as error:
            if rig.daemon.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"dockerd did not come up: {rig.log()[-2000:]}") from error
            time.sleep(0.1)


def _stop(rig: Rig) -> None:
    rig.daemon.terminate()
    try:
        rig.daemon.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        rig.daemon.kill()
        rig.daemon.wait()
    _end_containerd(rig.folder)
    for place in sorted(_mounts_below(rig.folder), reverse=True):
        subprocess.run(["umount", "--lazy", place], check=False)
    _remove_cgroups(rig.folder.name)
    shutil.rmtree(rig.folder)


def _end_containerd(folder: Path) -> None:
    """It outlives a dockerd that was killed."""
    try:
        pid = int((folder / "exec" / "containerd" / "containerd.pid").read_text())
        if str(folder) in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return


def _mounts_below(folder: Path) -> list[str]:
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [place for place in places if place.startswith(f"{folder}/")]


def _remove_cgroups(name: str) -> None:
    for group in [Path("/sys/fs/cgroup") / name, *Path("/sys/fs/cgroup").glob(f"*/{name}")]:
        for inner in sorted(group.glob("**/"), reverse=True):
            if inner.is_dir():
                inner.rmdir()
