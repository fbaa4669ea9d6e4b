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
from jobs.engines import engine, folders
from jobs.models import Attempt, Job, Node
from jobs.services import instances, nodes, reconcile
from pricing.models import Pool
from pricing.selectors.capacity import capacity_ahead
from tests.factories import Tenant
from tests.jobs.ways import attempts, reloaded
from tests.platform import eventually
from tests.swarm.rig import Rig
from tests.swarm.ways import SLOT, due_now, node_of, services_on, sold, two_nodes, until_running

pytestmark = [
    pytest.mark.swarm,
    pytest.mark.xdist_group("swarm"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def platform(settings: Settings, swarm: Rig, tmp_path: Path) -> Iterator[None]:
    with services_on(swarm, settings, tmp_path / "storage"):
        yield


@pytest.fixture
def pool(cluster: Rig) -> Pool:
    return two_nodes(cluster)


def ended_at(attempt: Attempt) -> float:
    """When the runner of an attempt saw it end, by its own word."""
    return float(json.loads((instances.folder_of(attempt) / "exit").read_text())["at"])


def begun_at(attempt: Attempt) -> float:
    return float(json.loads((instances.folder_of(attempt) / "started").read_text())["at"])


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
    was = node_of(cluster, job)
    cluster.node(was).stop()
    until_lost(pool, 1)
    until_running(job, 2)
    assert node_of(cluster, job) != was
    first, _second = attempts(job)
    assert f"node is down: {was}" in first.reason
    cluster.node(was).start()
    cluster.node(was).wait()
    until_lost(pool, 0)
    assert reconcile.reconcile() == []


def test_a_node_that_is_cut_off_stops_writing_before_the_job_runs_again(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str
) -> None:
    job = due_now(ours, pool, busybox)
    was = node_of(cluster, job)
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
    # A whole slot ahead: nothing can move any more once its slot has begun.
    starts, until = (clock.slot_start(pool.slot_now() + ahead, SLOT) for ahead in (2, 4))
    moves = sold(ours, pool, busybox, earliest=starts, deadline=until)
    assert moves.start_at == starts
    ends = sold(ours, pool, busybox, units=2, earliest=until, deadline=until + timedelta(seconds=SLOT))
    stays = sold(ours, pool, busybox, earliest=starts, deadline=moves.end_at)
    assert stays.start_at == starts
    cluster.node("n3").cut()
    until_lost(pool, 1)
    assert (reloaded(stays).start_at, reloaded(moves).start_at) == (starts, moves.end_at)
    assert (reloaded(ends).state, reloaded(ends).paid, reloaded(ends).credit) == (
        "failed",
        0,
        -(-(ends.price or 0) // 10),
    )
    assert reconcile.reconcile() == []


def test_an_instance_that_no_attempt_knows_is_removed_and_strangers_are_left_alone(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str
) -> None:
    job = due_now(ours, pool, busybox)
    [attempt] = attempts(job)
    forgotten, stranger = f"era-{'1' * 32}-1", f"era-{'0' * 32}-1"
    for name in (forgotten, stranger):
        engine().create(replace(instances.spec_of(job, 1), name=name))
    folders.unlist_instance(stranger)  # as one that was made with another storage
    with scopes_disabled():
        Attempt.objects.filter(pk=attempt.pk).update(ended_at=clock.now() - timedelta(minutes=5))
        Job.objects.filter(pk=job.pk).update(state="cancelled", finished_at=clock.now())
    found = {each.subject: each.found for each in reconcile.reconcile() if each.kind == "instance_without_attempt"}
    assert found == {
        attempt.instance: "its attempt has ended; removed",
        forgotten: "there is no such attempt; removed",
        stranger: "another platform's, or of another storage; left alone",
    }
    assert engine().instances() == [stranger]
    eventually(lambda: not cluster.containers(attempt.instance), what="its container is gone")
