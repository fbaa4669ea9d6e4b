"""What some tests need from the distribution, and which tests are left out where it is not there."""

import os
import shutil
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    program: str
    package: str
    marker: str
    left_out: str

    @property
    def is_there(self) -> bool:
        return shutil.which(self.program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is not None

    def __str__(self) -> str:
        return f"{self.program} is missing: {self.left_out} are left out. To get it: apt-get install {self.package}"


SWARM = "swarm", "tests on a real Docker Swarm"
NEEDS = [
    Need("dockerd", "docker.io", *SWARM),
    Need("iptables", "iptables", *SWARM),
    Need("ip", "iproute2", *SWARM),
    Need("busybox", "busybox-static", *SWARM),
    Need("docker-registry", "docker-registry", *SWARM),
    Need("debootstrap", "debootstrap", *SWARM),
    Need("nginx", "nginx", "proxy", "tests behind the proxy of a deployment"),
    Need("chromium", "chromium", "browser", "tests of the pages in a browser"),
]


def reason_to_leave_out(marker: str) -> str | None:
    """Why tests with this marker cannot run here; None where they can."""
    if marker == "swarm" and os.geteuid() != 0:
        return "a Docker Engine of one's own needs root"
    return next((str(need) for need in NEEDS if need.marker == marker and not need.is_there), None)


def install_what_is_missing() -> None:
    """From the distribution, where that is allowed; say in one line each what stays missing."""
    missing = sorted({need.package for need in NEEDS if not need.is_there})
    if missing and (installer := _installer()):
        print(f"Installing from the distribution: {' '.join(missing)}", flush=True)
        _install(installer, missing)
    for need in NEEDS:
        if not need.is_there:
            print(need, flush=True)


def _installer() -> list[str] | None:
    """The start of a command that may install packages without asking anything."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    may = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n", "apt-get"] if may and may.returncode == 0 else None


def _install(installer: list[str], packages: list[str]) -> None:
    """One by one, so that one that this distribution lacks does not keep out the others."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "-qq", "-y", "--no-install-recommends"]
    for words in (["update", "-qq"], *([*install, package] for package in packages)):
        done = subprocess.run([*installer, *words], env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"apt-get {words[0]} failed: {' '.join(done.stderr.split())[:300]}", flush=True)
