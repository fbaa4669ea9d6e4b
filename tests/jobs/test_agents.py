"""What agents' reports mean: when a job counts as staged, what is due on a node, and who samples."""

import threading
from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from era_platform.common import clock
from jobs.collector import Collector
from jobs.engines.base import Capacity
from jobs.engines.node import NodeDocker
from jobs.models import Agent, Job, Node, Staging
from jobs.selectors import agents
from jobs.services import node_agent, nodes, stage
from jobs.services.node_agent import _write_down
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.ways import events, kinds, reloaded, reserved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


@pytest.fixture
def pool(held_clock: None) -> Pool:
    """A pool of three nodes, each with an agent."""
    pool: Pool = a_pool("gpu")
    nodes.note(Capacity(name, 8, 10_000, 0, True, "gpu") for name in ("n1", "n2", "n3"))
    for name in ("n1", "n2", "n3"):
        node_agent.begin(name)
    return pool


def ready(job: Job, node: str, problem: str = "") -> None:
    with scopes_disabled():
        _write_down(node, job, problem)


def staged(job: Job) -> bool:
    stage.stage(job.pk)
    return reloaded(job).staged_at is not None


def test_a_job_is_staged_once_a_node_has_what_it_needs(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    assert not staged(job)
    ready(job, "n2", "no such image")
    assert not staged(job)
    ready(job, "n3")
    assert staged(job)
    assert kinds(job) == ["state", "staging_failed", "staged"]


def test_it_needs_as_many_nodes_as_it_needs_of_those_that_have_an_agent(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    with scopes_disabled():
        ready(job, "n1")
        assert (agents.is_ready(job), agents.is_ready(job, nodes=2)) == (True, False)
        ready(job, "n2")
        assert agents.is_ready(job, nodes=2)
        assert not agents.is_ready(job, nodes=5)
        Agent.objects.filter(node="n3").update(seen_at=clock.now() - timedelta(minutes=1))
        assert agents.is_ready(job, nodes=5)


def test_a_node_that_is_away_does_not_count(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    ready(job, "n1")
    Node.objects.filter(name="n1").update(available=False)
    assert not staged(job)


def test_agents_that_are_silent_are_not_waited_for(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    Agent.objects.update(seen_at=clock.now() - timedelta(minutes=1))
    assert staged(job)


def test_the_owner_is_told_of_each_problem_once_and_again_when_it_is_another(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    for problem in ("no such image", "no such image", "the storage is full", "the storage is full"):
        ready(job, "n1", problem)
    assert kinds(job) == ["state", "staging_failed", "staging_failed"]


def test_what_failed_is_due_again_after_a_while_and_what_is_ready_is_not(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    assert node_agent.due("n1") == [job.pk]
    ready(job, "n1", "no such image")
    assert node_agent.due("n1") == []
    assert node_agent.due("n2") == [job.pk]
    clock.advance(node_agent.AGAIN.total_seconds())
    assert node_agent.due("n1") == [job.pk]
    ready(job, "n1")
    clock.advance(60)
    assert node_agent.due("n1") == []


def test_folders_that_are_not_made_yet_are_waited_for_and_those_that_should_be_are_missed(
    ours: Tenant, pool: Pool
) -> None:
    start = clock.now() + timedelta(minutes=9)
    job = reserved(ours, pool, earliest=start, deadline=start + timedelta(minutes=9))
    node_agent.get_ready("n1", NodeDocker(), job.pk)
    assert kinds(job) == ["state"]
    clock.advance(61)
    node_agent.get_ready("n1", NodeDocker(), job.pk)
    assert "is the storage mounted" in events(job)[-1].detail["error"]


def test_only_what_starts_soon_on_its_own_pool_is_due(ours: Tenant, pool: Pool) -> None:
    later = clock.now() + stage.AHEAD + timedelta(minutes=2)
    reserved(ours, pool, earliest=later, deadline=later + timedelta(minutes=9))
    reserved(ours, a_pool("other"))
    assert node_agent.due("n1") == []
    assert node_agent.due("unknown") == []


def test_the_collector_leaves_samples_to_the_agents(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("jobs.collector._sample_of", lambda attempt: asked.append("sampled"))
    collector = Collector(threading.Event())
    collector._followed = {1: object()}  # type: ignore[dict-item]
    collector.sample()
    assert asked == []
    Agent.objects.update(seen_at=clock.now() - timedelta(minutes=1))
    collector.sample()
    assert asked == ["sampled"]


def test_a_job_that_was_moved_is_staged_anew_where_it_is_ready_already(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    ready(job, "n1")
    assert staged(job)
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(staged_at=None)
        assert Staging.objects.filter(job=job).count() == 1
    assert staged(job)
