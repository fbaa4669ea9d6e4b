"""A bench for the engine `process`."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jobs.engines.process import HOST, ProcessEngine
from tests.jobs.engines.bench import Bench


@pytest.fixture
def bench(settings: Settings, tmp_path: Path) -> Iterator[Bench]:
    settings.ERA_STORAGE_ROOT = tmp_path / "var" / "storage"
    bench = Bench(ProcessEngine(), HOST, settings.ERA_STORAGE_ROOT)
    bench.root.mkdir(parents=True, exist_ok=True)
    yield bench
    bench.clear()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for some 3 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
