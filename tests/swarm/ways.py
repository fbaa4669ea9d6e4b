"""The platform's services on the rig: a pool of two nodes, jobs on them, and waiting for what must come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.engines import engine
from jobs.models import Job
from jobs.services import launch, nodes, observe, stage
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.ways import attempts, events, reloaded, reserved
from tests.platform import eventually
from tests.swarm.rig import Rig

SLOT = 120
WRITES = "echo begun; while :; do date +%s >> $ERA_OUTPUT_DIR/alive; sleep 0.2; done"


@contextmanager
def services_on(swarm: Rig, settings: Settings, storage: Path) -> Iterator[None]:
    """With `storage` as what all nodes see; no instance outlives the block."""
    settings.ERA_ENGINE, settings.ERA_DOCKER_HOST = "swarm", swarm.host
    settings.ERA_NODE_GRACE_SECONDS = 0
    settings.ERA_STORAGE_ROOT = storage
    storage.mkdir(exist_ok=True)
    engine.cache_clear()
    _clear(storage)  # a platform that was stopped leaves its jobs running, as it should
    yield
    _clear(storage)
    engine.cache_clear()


def _clear(storage: Path) -> None:
    for name in engine().instances():
        engine().delete(name, (storage / "instances" / name).resolve())


def two_nodes(cluster: Rig) -> Pool:
    """A pool of the nodes n2 and n3, each of which takes one unit."""
    cluster.set_pools(n1="manager", n2="gpu", n3="gpu")
    with cluster.client() as client:
        memory = client.nodes.list()[0].attrs["Description"]["Resources"]["MemoryBytes"]
    pool: Pool = a_pool("gpu", slot_seconds=SLOT, units=2, unit_cpus="1", unit_memory_mib=memory // 2**20 * 6 // 10)
    nodes.watch()
    return pool


def sold(tenant: Tenant, pool: Pool, image: str, **fields: Any) -> Job:
    """A job of one unit for one slot."""
    given = {"units": 1, "duration": SLOT, "image": image, "command": ("sh", "-c", WRITES), "value": 100 * MICRO}
    return reserved(tenant, pool, **given | fields)


def due_now(tenant: Tenant, pool: Pool, image: str) -> Job:
    """A job whose slot has just begun, running."""
    job = sold(tenant, pool, image)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(start_at=clock.now(), end_at=clock.now() + timedelta(seconds=SLOT))
    stage.stage(job.pk)
    return until_running(job, 1)


def until_running(job: Job, attempt: int, within: float = 90) -> Job:
    def look() -> bool:
        launch.launch(job.pk)
        observe.observe(job.pk)
        now = reloaded(job)
        return now.state == "running" and now.attempt == attempt

    eventually(look, within=within, what=f"attempt {attempt} runs: {[event.detail for event in events(job)]}")
    return reloaded(job)


def node_of(cluster: Rig, job: Job) -> str:
    """Where its newest attempt runs."""
    [(node, _)] = eventually(lambda: cluster.containers(attempts(job)[-1].instance), what="it has a container")
    return node.name
