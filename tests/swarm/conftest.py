"""A Docker Swarm of one node for one run of the tests, and a bench for the engine `swarm` on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jobs.engines.swarm import SwarmEngine
from tests.jobs.engines.bench import Bench
from tests.swarm.images import import_busybox, import_python
from tests.swarm.rig import Rig, reason_it_cannot_run, running_swarm


@pytest.fixture(scope="session")
def swarm() -> Iterator[Rig]:
    """Two GPUs are made up: Swarm only counts them."""
    if reason := reason_it_cannot_run():
        pytest.skip(reason)
    gpus = [option for name in ("gpu0", "gpu1") for option in ("--node-generic-resource", f"NVIDIA-GPU={name}")]
    with running_swarm(*gpus) as rig:
        yield rig


@pytest.fixture(scope="session")
def busybox(swarm: Rig) -> str:
    with swarm.client() as client:
        return import_busybox(client)


@pytest.fixture(scope="session")
def python_image(swarm: Rig) -> str:
    with swarm.client() as client:
        return import_python(client)


@pytest.fixture
def bench(swarm: Rig, busybox: str, settings: Settings, tmp_path: Path) -> Iterator[Bench]:
    settings.ERA_DOCKER_HOST = swarm.host
    settings.ERA_STORAGE_ROOT = tmp_path / "storage"
    bench = Bench(SwarmEngine(), busybox, settings.ERA_STORAGE_ROOT)
    bench.root.mkdir()
    yield bench
    bench.clear()
