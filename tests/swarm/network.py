"""The network of a rig: a bridge on this machine, and for each node a network namespace with a cable to it."""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

NUMBERS = range(1, 250)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(*command: str, check: bool = True) -> str:
    """What a program of the system says. Raises RuntimeError with its complaint where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": PATH})
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Cable:
    """A node's namespace and its cable; no way leads out of the rig. An interface's name has 15 characters at most."""

    namespace: str
    bridge: str
    outer: str
    address: str

    @property
    def path(self) -> str:
        return f"/var/run/netns/{self.namespace}"

    def lay(self) -> None:
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", self.outer, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        run("ip", "link", "set", self.outer, "master", self.bridge, "up")
        run("ip", "-n", self.namespace, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", self.namespace, "link", "set", device, "up")

    def cut(self) -> None:
        run("ip", "link", "set", self.outer, "down")

    def mend(self) -> None:
        run("ip", "link", "set", self.outer, "up")

    def remove(self) -> None:
        run("ip", "link", "delete", self.outer, check=False)
        run("ip", "netns", "delete", self.namespace, check=False)


@dataclass(frozen=True)
class Site:
    """A number that no other rig of this machine has now, and all names and addresses that follow from it."""

    number: int
    claim: socket.socket  # it ends with this process, however that ends

    @property
    def name(self) -> str:
        return f"era-rig{self.number}"

    @property
    def folder(self) -> Path:
        """Not in TMPDIR: who gets the number next must find what a killed run left there."""
        return Path("/tmp") / self.name

    @property
    def address(self) -> str:
        return f"10.213.{self.number}.1"

    def cable(self, position: int) -> Cable:
        outer = f"{self.name}n{position}"
        return Cable(f"{self.name}-n{position}", self.name, outer, f"10.213.{self.number}.{10 + position}")

    def build(self) -> None:
        run("ip", "link", "add", self.name, "type", "bridge")
        run("ip", "address", "add", f"{self.address}/24", "dev", self.name)
        run("ip", "link", "set", self.name, "up")
        for way in ("-i", "-o"):  # a Docker of the machine's own would have all bridges closed
            self._accept("-I", way)

    def remove(self) -> None:
        for way in ("-i", "-o"):
            self._accept("-D", way)
        run("ip", "link", "delete", self.name, check=False)

    def _accept(self, action: str, way: str) -> None:
        if shutil.which("iptables", path=PATH):
            run("iptables", "--wait", action, "FORWARD", way, self.name, "-j", "ACCEPT", check=False)


def free_site() -> Site:
    """Claims the first free number, by a name of a socket: the kernel gives each to one process at a time."""
    for number in NUMBERS:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0era-rig-{number}")
        except OSError:
            claim.close()
            continue
        return Site(number, claim)
    raise RuntimeError(f"{len(NUMBERS)} rigs run on this machine: there is no number left")
