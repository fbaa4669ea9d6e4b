"""A node of a rig: a Docker Engine in a network of its own, which can be killed, cut off and started again."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from tests.swarm.network import PATH, Cable, run

SECONDS_TO_START, SECONDS_TO_STOP = 120, 60
CGROUPS = Path("/sys/fs/cgroup")
PROGRAMS = b"dockerd", b"containerd", b"containerd-shim-runc-v2", b"runc", b"docker-proxy", b"docker-registry"


@dataclass
class Node:
    """`host` is what ERA_DOCKER_HOST takes, `address` where other nodes reach it."""

    name: str
    folder: Path
    cable: Cable
    options: tuple[str, ...] = ()
    daemon: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    @property
    def address(self) -> str:
        return self.cable.address

    def client(self, timeout: int = 60) -> AbstractContextManager[docker.DockerClient]:
        return closing(docker.DockerClient(base_url=self.host, version="auto", timeout=timeout))

    def log(self) -> str:
        return (self.folder / "dockerd.log").read_text(errors="replace")

    def start(self) -> None:
        """Starts its dockerd unless it runs, without waiting for it: `wait` does."""
        if self.daemon is not None and self.daemon.poll() is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)
        # Not `ip netns exec`, which hides the control groups.
        inside = ["nsenter", f"--net={self.cable.path}", "unshare", "--uts"]
        named = ["sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        with (self.folder / "dockerd.log").open("a") as log:
            self.daemon = subprocess.Popen(
                [*inside, *named, *self.command()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": PATH}, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> None:
        """Until its dockerd answers."""
        give_up = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self.daemon is None or self.daemon.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"dockerd of {self.name} did not come up: {self.log()[-2000:]}")
            time.sleep(0.05)

    def kill_daemon(self) -> None:
        """Its dockerd only, at once: containers go on, as they do when it crashes."""
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
        # containerd dies with it, but not at once, and the next dockerd would wait for this one.
        end_processes(self.folder / "exec", "", (b"containerd",))
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """As by pulling the plug: dockerd, containerd and all containers, at once. `start` starts it again."""
        self.kill_daemon()
        end_processes(self.folder, self.cable.namespace)
        unmount_below(self.folder)

    def cut(self) -> None:
        """Off the network; all on it goes on. `mend` ends it."""
        self.cable.cut()

    def mend(self) -> None:
        self.cable.mend()

    def swarm_id(self) -> str:
        with self.client() as client:
            return str(client.info()["Swarm"]["NodeID"])

    def containers(self, instance: str) -> list[Any]:
        """The containers of an instance that run here."""
        with self.client() as client:
            return list(client.containers.list(filters={"label": f"era.instance={instance}"}))

    def remove(self) -> None:
        self.stop()
        self.cable.remove()
        remove_cgroups(self.cable.namespace)
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self) -> list[str]:
        return [
            "dockerd", "--host", self.host, "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
            "--pidfile", f"{self.folder}/pid", "--cgroup-parent", f"/{self.cable.namespace}", *self.options,
        ]  # fmt: skip

    def _answers(self) -> bool:
        with suppress(docker.errors.DockerException, OSError), self.client() as client:
            return bool(client.ping())
        return False


def end_processes(folder: Path, group: str, programs: tuple[bytes, ...] = PROGRAMS) -> None:
    """Ends the programs that were started for `folder`, and all in the control group, until nothing is left."""
    give_up = time.monotonic() + SECONDS_TO_STOP
    while left := {*_started_for(folder, programs), *_in_group(group)}:
        if time.monotonic() > give_up:
            raise RuntimeError(f"processes {left} of {group} can't be ended")
        # Held first: a runner must not live to see its job end, as it doesn't when a machine loses its power.
        for ending in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, ending)
        time.sleep(0.02)


def unmount_below(folder: Path) -> None:
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((place for place in places if place.startswith(f"{folder}/")), reverse=True):
        run("umount", "--lazy", place, check=False)


def remove_cgroups(name: str) -> None:
    for group in _groups(name):
        for inner in sorted(group.glob("**/"), reverse=True):
            _remove_group(inner)


def _remove_group(group: Path) -> None:
    give_up = time.monotonic() + SECONDS_TO_STOP
    while group.is_dir():
        try:
            group.rmdir()
        except OSError:  # its last process is still being taken away
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _groups(name: str) -> list[Path]:
    if not name:
        return []
    return [group for group in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")) if group.is_dir()]


def _in_group(name: str) -> Iterator[int]:
    for group in _groups(name):
        for processes in group.glob("**/cgroup.procs"):
            with suppress(OSError):
                yield from map(int, processes.read_text().split())


def _started_for(folder: Path, programs: tuple[bytes, ...]) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else [b""]
            if words[0].rpartition(b"/")[2] in programs and _names(words, folder) and _alive(entry):
                yield int(entry.name)


def _names(words: list[bytes], folder: Path) -> bool:
    return any(word.removeprefix(b"unix://").startswith(f"{folder}/".encode()) for word in words)


def _alive(process: Path) -> bool:
    return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
