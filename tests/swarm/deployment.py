"""The platform as `docker/deploy` puts it up, on a rig of this machine: for tests and measurements of deployments."""

import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import httpx

from tests.platform import PROJECT
from tests.swarm.building import build_engine
from tests.swarm.rig import Rig, running_swarm

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
POOL = ("quick", "--units=24", "--slot-seconds=5", "--horizon-slots=2000", "--unit-cpus=0.05",
        "--unit-memory-mib=256", "--grace-seconds=2")  # fmt: skip
PEOPLE = "from accounts.services.demo import ensure_people; ensure_people()"


@dataclass(frozen=True)
class Deployment:
    """`folder` holds the storage that all nodes see, and the backups."""

    rig: Rig
    folder: Path
    build_host: str

    @property
    def address(self) -> str:
        return self.rig.manager.address

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def run(self, *words: str, **environment: str) -> str:
        """What a command of `docker/` prints; its messages are in `folder / "console"`."""
        command = [str(PROJECT / "docker" / words[0]), *words[1:]]
        with (self.folder / "console").open("ab") as console:
            done = subprocess.run(
                command, env=self._environment() | environment, stdout=subprocess.PIPE, stderr=console,
                stdin=subprocess.DEVNULL, text=True, check=False,
            )  # fmt: skip
        assert done.returncode == 0, f"{words} failed:\n{self.console[-4000:]}"
        return done.stdout.strip()

    @property
    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")

    def client(self, user: str = "demo@example.com", org: str = "demo") -> httpx.Client:
        """A client of the API at the portal's public address, which trusts the certificate that it should show."""
        token = self.run("manage", "create_token", "--user", user, "--org", org)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"https://{self.address}/api/v1/", headers=headers, verify=self.trust, timeout=60)

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.run("certificate"))

    def furnish(self) -> None:
        """People with credits, and a pool of short slots on all nodes."""
        self.run("manage", "shell", "--command", PEOPLE)
        self.run("manage", "create_pool", *POOL)
        self.rig.set_pools(**dict.fromkeys((node.name for node in self.rig.nodes), "quick"))

    def push(self, image: str) -> str:
        """The name that jobs call an image by which the manager has."""
        self.run("push", image)
        return f"{self.address}:5000/{image}"

    def images(self) -> dict[str, str]:
        """The image of each service."""
        with self.rig.client() as client:
            tasks = {found.name: found.attrs["Spec"]["TaskTemplate"] for found in client.services.list()}
        return {name: task["ContainerSpec"]["Image"] for name, task in tasks.items()}

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DOCKER_HOST": self.rig.host,
            "ERA_DOCKER_SOCKET": self.rig.host.removeprefix("unix://"),
            "ERA_BUILD_HOST": self.build_host,
            "ERA_BUILD_CA": str(CERTIFICATES),
            "ERA_STORAGE_ROOT": str(self.storage),
        }


@contextmanager
def deployable() -> Iterator[Deployment]:
    """A Swarm of three nodes without the platform, and what builds its images. All is gone when the context ends."""
    folder = Path(tempfile.mkdtemp(prefix="era-deployment-"))
    with build_engine() as build_host, running_swarm() as rig:
        deployment = Deployment(rig, folder, build_host)
        deployment.storage.mkdir()
        deployment.backups.mkdir(mode=0o700)
        try:
            yield deployment
        finally:
            rmtree(Path("/etc/docker/certs.d") / f"{deployment.address}:5000", ignore_errors=True)
            rmtree(folder, ignore_errors=True)
