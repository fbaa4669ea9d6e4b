"""Images made from this machine's own files, so that tests need no registry."""

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

import docker

BUSYBOX, PYTHON = "era/busybox:1", "era/python:1"
_BUSYBOX = Path("/usr/bin/busybox"), Path("/bin/busybox")


def import_busybox(client: docker.DockerClient) -> str:
    """A shell and the usual small programs, some 2 MB."""
    return _import(client, BUSYBOX, (), "PATH=/bin")


def import_python(client: docker.DockerClient) -> str:
    """The jobs' Python with its packages (numpy, scikit-learn, matplotlib), as it is at ERA_JOB_ENV."""
    environment = settings.ERA_JOB_ENV
    program = (environment / "bin" / "python").resolve()
    library = program.parent.parent / "lib" / program.name
    folders = [environment, library, *program.parent.parent.glob("lib/libpython*")]
    modules = [path for folder in (environment, library) for path in folder.rglob("*.so*") if path.is_file()]
    libraries = _shared_libraries([program, *modules])
    links = _links_to(program, environment)
    return _import(client, PYTHON, [*folders, program, *links, *libraries], f"PATH={environment}/bin:/bin")


def _links_to(program: Path, environment: Path) -> list[Path]:
    """The chain of links from the environment's `python` outside of it."""
    links, step = [], environment / "bin" / "python"
    while step != program and step.is_symlink():
        step = step.parent / step.readlink()
        if step.is_symlink() and not step.is_relative_to(environment):
            links.append(step)
    return links


def _shared_libraries(files: Iterable[Path]) -> list[Path]:
    done = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False)
    found = {Path(match) for match in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE)}
    return sorted(found)


def _import(client: docker.DockerClient, name: str, paths: Iterable[Path], variable: str) -> str:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        _add_busybox(archive)
        for path in paths:
            archive.add(path, filter=_as_it_is_reached)
    repository, tag = name.split(":")
    client.api.import_image_from_data(content.getvalue(), repository=repository, tag=tag, changes=[f"ENV {variable}"])
    return name


def _as_it_is_reached(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith((".pyc", ".a")) else entry


def _add_busybox(archive: tarfile.TarFile) -> None:
    program = next(path for path in _BUSYBOX if path.exists())
    archive.add(program.resolve(), "bin/busybox")
    names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in set(names) - {"busybox"}:
        link = tarfile.TarInfo(f"bin/{name}")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        archive.addfile(link)
    folder = tarfile.TarInfo("tmp")
    folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
    archive.addfile(folder)
