"""A Docker Swarm of three nodes for one run of the tests, and a bench for the engine `swarm` on it.

The nodes are `n1` (the manager), `n2` and `n3`, with two made-up GPUs each. `swarm` is put in order again after each
test that uses it through `cluster`, so a test may stop, cut off or label nodes as it likes.
"""

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
    """Made once, as it takes some seconds."""
    if reason := reason_it_cannot_run():
        pytest.skip(reason)
    with running_swarm() as rig:
        rig.pools = {"n1": "local", "n2": "wide", "n3": "wide"}
        rig.reset_pools()
        yield rig


@pytest.fixture
def cluster(swarm: Rig) -> Iterator[Rig]:
    """The same, for a test that breaks it: whole again afterwards."""
    yield swarm
    swarm.repair()


@pytest.fixture(scope="session")
def busybox(swarm: Rig) -> str:
    """A small image, in the registry that all nodes reach."""
    with swarm.client() as client:
        return swarm.push(import_busybox(client))


@pytest.fixture(scope="session")
def python_image(swarm: Rig) -> str:
    """Python with what the examples use, on the manager only: packing it for a registry takes long."""
    with swarm.client() as client:
        return import_python(client)


@pytest.fixture
def bench(swarm: Rig, busybox: str, settings: Settings, tmp_path: Path) -> Iterator[Bench]:
    """Jobs of pool `local` run on the manager, those of pool `wide` on the other two nodes."""
    settings.ERA_DOCKER_HOST = swarm.host
    settings.ERA_STORAGE_ROOT = tmp_path / "storage"
    bench = Bench(SwarmEngine(), busybox, settings.ERA_STORAGE_ROOT)
    bench.root.mkdir()
    yield bench
    bench.clear()
