"""Images made from this machine's own files, so that tests need no registry."""

import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

import docker

BUSYBOX, PYTHON = "era/busybox:1", "era/python:1"
_ENVIRONMENT = Path("/opt/jobs")  # in the image: a checkout may lie where a job finds something else, such as /tmp
_PROGRAMS = Path("/usr/bin/busybox"), Path("/bin/busybox")
_LEFT_OUT = re.compile(r"/(tests?|config-[^/]*|pip|idlelib|ensurepip)(/|$)|\.a$")


def import_busybox(client: docker.DockerClient) -> str:
    """A shell and the usual small programs, some 2 MB."""
    return _import(client, BUSYBOX, (), "/bin")


def import_python(client: docker.DockerClient) -> str:
    """The jobs' Python with its packages (numpy, scikit-learn, matplotlib), where they are on this machine."""
    environment = settings.ERA_JOB_ENV
    program = (environment / "bin" / "python").resolve()
    library = program.parent.parent / "lib" / program.name
    own = [path for path in library.iterdir() if path.name != "site-packages"]
    files = [path for folder in (environment, *own) for path in (folder, *folder.rglob("*")) if path.is_file()]
    libraries = _shared_libraries([program, *(path for path in files if ".so" in path.name)])
    return _import(client, PYTHON, {program, *files, *libraries}, f"{_ENVIRONMENT}/bin:/bin", environment)


def _shared_libraries(files: Iterable[Path]) -> set[Path]:
    done = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False)
    found = re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE)
    return {Path(path) for path in found if "/../" not in path}


def _import(
    client: docker.DockerClient, name: str, files: Iterable[Path], path: str, environment: Path | None = None
) -> str:
    repository, tag = name.split(":")
    with tempfile.NamedTemporaryFile(suffix=".tar") as content:
        with tarfile.open(content.name, mode="w", dereference=True) as archive:
            _add_busybox(archive)
            for file in sorted(files):
                if not _LEFT_OUT.search(str(file)):
                    archive.add(file, _place(file, environment), recursive=False)
        client.api.import_image_from_file(content.name, repository=repository, tag=tag, changes=[f"ENV PATH={path}"])
    return name


def _place(file: Path, environment: Path | None) -> Path:
    if environment is None or not file.is_relative_to(environment):
        return file
    return _ENVIRONMENT / file.relative_to(environment)


def _add_busybox(archive: tarfile.TarFile) -> None:
    program = next(path for path in _PROGRAMS if path.exists())
    archive.add(program, "bin/busybox")
    names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in set(names) - {"busybox"}:
        link = tarfile.TarInfo(f"bin/{name}")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        archive.addfile(link)
    folder = tarfile.TarInfo("tmp")
    folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
    archive.addfile(folder)
