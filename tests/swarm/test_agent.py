"""Agents on the nodes: they get ready what starts soon, say what is wrong, sample what runs, and may be killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from era_platform.common import clock, storage
from jobs.agent import NodeAgent
from jobs.engines.node import NodeDocker
from jobs.models import Agent, Job, Placement, Sample, Staging
from jobs.services import node_agent, stage
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import events, kinds, reloaded
from tests.platform import PROJECT, eventually
from tests.swarm.rig import Rig, small_nas
from tests.swarm.ways import due_now, node_of, services_on, sold, two_nodes

pytestmark = [
    pytest.mark.swarm,
    pytest.mark.xdist_group("swarm"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def platform(settings: Settings, swarm: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(node_agent, "AGAIN", timedelta(seconds=0.5))
    with small_nas(tmp_path / "nas", 32) as nas, services_on(swarm, settings, nas):
        settings.ERA_STORAGE_MIN_FREE_BYTES = 8 * 2**20
        yield


@pytest.fixture
def pool(cluster: Rig) -> Pool:
    return two_nodes(cluster)


@pytest.fixture
def image(cluster: Rig, busybox: str, tmp_path: Path) -> str:
    """One that no node has yet."""
    with cluster.client() as client:
        client.images.get(busybox).tag(name := f"{tmp_path.name}:1")
    return cluster.push(name)


@contextmanager
def agents(cluster: Rig, *names: str) -> Iterator[None]:
    """An agent on each of these nodes, from here to the end of the block."""
    stop = threading.Event()

    def run(host: str) -> None:
        try:
            NodeAgent(stop, NodeDocker(host)).run()
        finally:
            connections.close_all()

    with ExitStack() as ended:
        for name in names:
            thread = threading.Thread(target=run, args=[cluster.node(name).host])
            thread.start()
            ended.callback(thread.join)
        ended.callback(stop.set)
        eventually(lambda: set(Agent.objects.values_list("node", flat=True)) >= set(names), what="agents report")
        yield


def until_staged(job: Job) -> None:
    def look() -> bool:
        stage.stage(job.pk)
        return reloaded(job).staged_at is not None

    eventually(look, within=60, what=f"it is staged: {[event.detail for event in events(job)]}", every=0.3)


def until_told(job: Job, words: str) -> str:
    """The node that the owner is told of."""

    def look() -> list[str]:
        stage.stage(job.pk)
        return [
            event.detail.get("node", "")
            for event in events(job)
            if event.kind == "staging_failed" and words in event.detail["error"] and "node" in event.detail
        ]

    return eventually(look, within=60, what=f"told: {[event.detail for event in events(job)]}", every=0.3)[0]


def test_a_job_is_staged_when_a_node_of_its_pool_has_its_image(
    cluster: Rig, pool: Pool, ours: Tenant, image: str
) -> None:
    job = sold(ours, pool, image)
    with agents(cluster, "n2", "n3"):
        until_staged(job)
        eventually(lambda: len(_ready(job)) == 2, within=60, what="both nodes have it")
    for name in ("n2", "n3"):
        with cluster.node(name).client() as client:
            assert client.images.get(job.image)
    assert kinds(job) == ["state", "staged"]


def test_without_agents_nobody_is_waited_for(pool: Pool, ours: Tenant, busybox: str) -> None:
    job = sold(ours, pool, busybox)
    stage.stage(job.pk)
    assert reloaded(job).staged_at


def test_a_registry_that_is_down_is_told_before_the_slot_and_tried_again(
    cluster: Rig, pool: Pool, ours: Tenant, image: str
) -> None:
    job = sold(ours, pool, image)
    cluster.registry.stop()
    with agents(cluster, "n2"):
        assert until_told(job, "no registry gave it") == "n2"
        assert reloaded(job).staged_at is None
        cluster.registry.start()
        until_staged(job)
    assert kinds(job).count("staging_failed") == 1
    assert kinds(job)[-1] == "staged"


def test_a_pull_in_which_nothing_comes_any_more_is_given_up_and_begun_again(
    cluster: Rig, pool: Pool, ours: Tenant, image: str, settings: Settings
) -> None:
    settings.ERA_STAGING_STALL_SECONDS = 2
    assert cluster.registry.server
    job = sold(ours, pool, image)
    cluster.registry.server.send_signal(signal.SIGSTOP)
    try:
        with agents(cluster, "n2"):
            assert until_told(job, "said nothing for 2 s") == "n2"
            cluster.registry.server.send_signal(signal.SIGCONT)
            until_staged(job)
    finally:
        cluster.registry.server.send_signal(signal.SIGCONT)


def test_a_storage_that_is_full_is_told_and_waited_for(
    cluster: Rig, pool: Pool, ours: Tenant, busybox: str, settings: Settings
) -> None:
    job = sold(ours, pool, busybox)
    stage._make_ready(job)
    full = settings.ERA_STORAGE_ROOT / "full"
    full.write_bytes(bytes(28 * 2**20))
    with agents(cluster, "n2"):
        until_told(job, "MiB left on the storage")
        eventually(lambda: "storage" in Agent.objects.get(node="n2").problem, what="operators see it")
        full.unlink()
        until_staged(job)


def test_what_runs_on_another_node_is_sampled_there(cluster: Rig, pool: Pool, ours: Tenant, busybox: str) -> None:
    job = due_now(ours, pool, busybox)
    node = node_of(cluster, job)
    with agents(cluster, node), scopes_disabled():
        sample = eventually(lambda: Sample.objects.filter(job=job).first(), what="a sample")
        assert sample is not None
        assert sample.memory_bytes > 0
        assert sample.node == node
        assert list(Placement.objects.filter(attempt__job=job).values_list("node", flat=True)) == [node]


def test_of_two_agents_on_a_node_one_works_and_the_other_follows_when_it_is_killed(
    cluster: Rig, pool: Pool, ours: Tenant, image: str
) -> None:
    first = a_process(cluster.node("n2").host)
    try:
        began = eventually(lambda: Agent.objects.filter(node="n2").first(), within=60, what="the first works")
        assert began
        second = a_process(cluster.node("n2").host)
        try:
            first.kill()
            first.wait()
            eventually(
                lambda: Agent.objects.get(node="n2").started_at > began.started_at, within=60, what="the second works"
            )
            until_staged(sold(ours, pool, image))
        finally:
            second.terminate()
            assert second.wait(60) == 0
    finally:
        first.kill()
        first.wait()


def a_process(host: str) -> "subprocess.Popen[bytes]":
    """`manage.py agent`, on the database of the tests."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {**os.environ, "DATABASE_URL": database, "ERA_DOCKER_HOST": host, "ERA_ENGINE": "swarm"}
    environment |= {"ERA_STORAGE_ROOT": str(storage.root()), "ERA_STORAGE_MIN_FREE_BYTES": "0"}
    return subprocess.Popen([sys.executable, str(PROJECT / "manage.py"), "agent"], env=environment)


def _ready(job: Job) -> set[str]:
    with scopes_disabled():
        return set(Staging.objects.filter(job=job, ready_at__lte=clock.now()).values_list("node", flat=True))
