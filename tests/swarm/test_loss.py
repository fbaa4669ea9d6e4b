"""A node that is lost, or only cut off: what ran there runs again, what was sold there moves, and it comes back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.engines import engine
from jobs.models import Attempt, Job, Node
from jobs.services import instances, launch, nodes, observe, reconcile, stage
from pricing.models import Pool
from pricing.selectors.capacity import capacity_ahead
from tests.factories import Tenant, a_pool
from tests.jobs.ways import attempts, events, reloaded, reserved
from tests.platform import eventually
from tests.swarm.rig import Rig

pytestmark = [
    pytest.mark.swarm,
    pytest.mark.xdist_group("swarm"),
    pytest.mark.django_db(transaction=True),
]
SLOT = 120
WRITES = "echo begun; while :; do date +%s >> $ERA_OUTPUT_DIR/alive; sleep 0.2; done"


@pytest.fixture(autouse=True)
def platform(settings: Settings, swarm: Rig, tmp_path: Path) -> Iterator[None]:
    """The platform's services on the rig, with the storage that all nodes see."""
    settings.ERA_ENGINE, settings.ERA_DOCKER_HOST = "swarm", swarm.host
    settings.ERA_NODE_GRACE_SECONDS = 0
    settings.ERA_STORAGE_ROOT = tmp_path / "storage"
    settings.ERA_STORAGE_ROOT.mkdir()
    engine.cache_clear()
    yield
    for name in engine().instances():
        job_id, number = instances.parse_name(name) or (None, 0)
        assert job_id
        engine().delete(name, settings.ERA_STORAGE_ROOT / "jobs" / str(job_id) / "attempts" / str(number))
    engine.cache_clear()


@pytest.fixture
def pool(cluster: Rig) -> Pool:
    """Two units on two nodes, and none kept from sale."""
    cluster.set_pools(n1="manager", n2="gpu", n3="gpu")
    pool: Pool = a_pool("gpu", slot_seconds=SLOT, units=2, unit_cpus="1", unit_memory_mib=_memory(cluster))
    nodes.watch()
    return pool


def _memory(cluster: Rig) -> int:
    """So much that one unit fits on a node."""
    with cluster.client() as client:
        [resources, *_] = [node.attrs["Description"]["Resources"] for node in client.nodes.list()]
    return int(resources["MemoryBytes"]) // 2**20 * 6 // 10


def due_now(tenant: Tenant, pool: Pool, image: str) -> Job:
    """A job of one unit whose slot has just begun, running."""
    job = reserved(tenant, pool, units=1, duration=SLOT, image=image, command=("sh", "-c", WRITES), value=100 * MICRO)
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


def ended_at(attempt: Attempt) -> float:
    """When the runner of an attempt saw it end, by its own word."""
    return float(json.loads((instances.folder_of(attempt) / "exit").read_text())["at"])


def begun_at(attempt: Attempt) -> float:
    return float(json.loads((instances.folder_of(attempt) / "started").read_text())["at"])


def on(cluster: Rig, job: Job) -> str:
    """The node on which its newest attempt runs."""
    [(node, _)] = eventually(lambda: cluster.containers(attempts(job)[-1].instance), what="it has a container")
    return node.name


def lost(pool: Pool) -> int:
    return capacity_ahead(Pool.objects.get(pk=pool.pk))[-1].lost


def until_lost(pool: Pool, units: int) -> None:
    def look() -> bool:
        nodes.watch()
        return lost(pool) == units

    eventually(look, within=90, what=f"{units} units are lost", every=0.5)


def test_a_node_that_stops_takes_its_units_along_and_its_job_runs_again_elsewhere(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str
) -> None:
    assert set(Node.objects.filter(pool=pool).values_list("name", "units")) == {("n2", 1), ("n3", 1)}
    job = due_now(ours, pool, busybox)
    was = on(cluster, job)
    cluster.node(was).stop()
    until_lost(pool, 1)
    until_running(job, 2)
    assert on(cluster, job) != was
    first, _second = attempts(job)
    assert "node is down" in first.reason
    cluster.node(was).start()
    cluster.node(was).wait()
    until_lost(pool, 0)
    assert reconcile.reconcile() == []


def test_a_node_that_is_cut_off_stops_writing_before_the_job_runs_again(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str
) -> None:
    job = due_now(ours, pool, busybox)
    was = on(cluster, job)
    [(_, container)] = cluster.containers(attempts(job)[0].instance)
    cluster.node(was).cut()
    cluster.wait_until(was, "down")
    until_running(job, 2)
    before = attempts(job)[0]
    assert ended_at(before) < begun_at(attempts(job)[1])
    cluster.node(was).mend()
    cluster.wait_until(was, "ready")
    eventually(lambda: container not in [found.id for found in cluster.node(was).containers(before.instance)])
    assert len(cluster.containers(attempts(job)[1].instance)) == 1


def test_what_was_sold_on_a_lost_node_moves_or_is_paid_back(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str
) -> None:
    until = clock.slot_start(pool.slot_now() + 3, SLOT)
    moves = reserved(ours, pool, units=1, duration=SLOT, image=busybox, deadline=until)
    starts = moves.start_at
    ends = reserved(
        ours, pool, units=2, duration=SLOT, image=busybox, earliest=until, deadline=until + timedelta(seconds=SLOT)
    )
    stays = reserved(ours, pool, units=1, duration=SLOT, image=busybox, deadline=moves.end_at)
    assert stays.start_at == starts
    cluster.node("n3").cut()
    until_lost(pool, 1)
    assert (reloaded(stays).start_at, reloaded(moves).start_at) == (starts, moves.end_at)
    assert (reloaded(ends).state, reloaded(ends).paid, reloaded(ends).credit) == ("failed", 0, -(-ends.price // 10))
    assert reconcile.reconcile() == []


def test_an_instance_of_an_ended_attempt_is_found_and_removed_and_strangers_are_left_alone(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str
) -> None:
    job = due_now(ours, pool, busybox)
    [attempt] = attempts(job)
    stranger = f"era-{'0' * 32}-1"
    spec = instances.spec_of(job, 1)
    engine().create(replace(spec, name=stranger))
    with scopes_disabled():
        Attempt.objects.filter(pk=attempt.pk).update(ended_at=clock.now() - timedelta(minutes=5))
        Job.objects.filter(pk=job.pk).update(state="cancelled", finished_at=clock.now())
    found = {each.subject: each.found for each in reconcile.reconcile() if each.kind == "instance_without_attempt"}
    assert found == {attempt.instance: "its attempt has ended; removed", stranger: "no such attempt; left alone"}
    assert engine().instances() == [stranger]
    eventually(lambda: not cluster.containers(attempt.instance), what="its container is gone")
