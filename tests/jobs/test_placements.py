"""The nodes that attempts ran on: as engines and agents see them, each once, and kept when the node is gone."""

from dataclasses import replace

import pytest
from django_scopes import scopes_disabled

from jobs.engines import gpus
from jobs.engines import node as of_node
from jobs.engines.base import Instance, Phase, Usage
from jobs.engines.node import NodeDocker
from jobs.engines.ranks import together
from jobs.engines.swarm_service import LABEL
from jobs.models import Attempt, Container, Placement, Sample
from jobs.services import node_agent, placements
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import attempts, reserved, running, seen, starting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


def nodes(attempt: Attempt) -> list[str]:
    with scopes_disabled():
        return sorted(Placement.objects.filter(attempt=attempt).values_list("node", flat=True))


class OfOne(NodeDocker):
    """A node's Docker, on which one instance runs."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    def usages(self) -> dict[str, Usage]:
        return {self._instance: Usage(1.5, 100, containers=("c1", "c2")), "era-of-nobody": Usage(1, 1)}


def test_an_attempt_keeps_the_nodes_that_its_instance_was_seen_on(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    seen(job, Phase.CREATED, nodes=("n0",))
    assert nodes(attempts(job)[0]) == [], "where it only waits it may be moved from"
    seen(job, Phase.RUNNING, started_at=job.start_at, nodes=("n1", "n2"))
    seen(job, Phase.LOST, nodes=("n1", "n2"))
    first, second = attempts(job)
    assert (nodes(first), nodes(second)) == (["n1", "n2"], [])
    seen(job, Phase.RUNNING, started_at=job.start_at, nodes=("n3",))
    assert (nodes(first), nodes(second)) == (["n1", "n2"], ["n3"])


def test_an_attempt_keeps_each_of_its_containers_once(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    for phase, containers in ((Phase.CREATED, ("a",)), (Phase.RUNNING, ("b", "c")), (Phase.LOST, ("c", "b"))):
        seen(job, phase, started_at=job.start_at, containers=containers)
    with scopes_disabled():
        assert sorted(Container.objects.values_list("identifier", "attempt__number")) == [("b", 1), ("c", 1)]


def test_one_that_is_seen_only_when_it_is_over_has_its_node(ours: Tenant, pool: Pool) -> None:
    job = starting(ours, pool)
    seen(job, Phase.EXITED, started_at=job.start_at, ended_at=job.start_at, exit_code=0, nodes=("n1",))
    assert nodes(attempts(job)[0]) == ["n1"]


def test_an_agent_says_where_it_saw_it_and_samples_have_the_node(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    [attempt] = attempts(job)
    for node in ("n1", "n1", "n2"):
        node_agent.sample(node, OfOne(attempt.instance))
    assert nodes(attempt) == ["n1", "n2"]
    with scopes_disabled():
        assert sorted(attempt.containers.values_list("identifier", flat=True)) == ["c1", "c2"]
        assert list(Sample.objects.order_by("id").values_list("job", "node")) == [
            (job.pk, "n1"),
            (job.pk, "n1"),
            (job.pk, "n2"),
        ]


def test_what_is_known_is_asked_for_once_and_not_written_again(
    ours: Tenant, pool: Pool, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    known = [attempts(running(ours, pool, units=1))[0] for _number in range(3)]
    with scopes_disabled():
        placements.note_here("n1", known)
        with django_assert_num_queries(1):  # type: ignore[operator]
            placements.note_here("n1", known)


def test_tenants_see_no_placements_of_others(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    with pytest.raises(Exception, match="scope"):
        Placement.objects.count()


def test_several_ranks_are_on_all_their_nodes() -> None:
    seen = [Instance("x", Phase.RUNNING, nodes=(f"n{k}",), containers=(f"c{k}",)) for k in (2, 1)]
    both = together("x", [*seen, replace(seen[0], containers=("c3",))])
    assert (both.nodes, both.containers) == (("n2", "n1"), ("c2", "c1", "c3"))


@pytest.fixture
def two_on_one_node(monkeypatch: pytest.MonkeyPatch) -> NodeDocker:
    """Two containers of one instance, and one of another; each uses as much as its number."""

    class Container:
        def __init__(self, number: int, instance: str) -> None:
            self.number, self.labels = number, {LABEL: instance}

    def _of_number(one: Container, known: list[gpus.Gpu]) -> Usage:
        return Usage(one.number, 10 * one.number, 10.0 * one.number, 1, containers=(str(one.number),))

    class Docker:
        class containers:
            list = staticmethod(lambda **_: [Container(1, "a"), Container(2, "a"), Container(4, "b")])

    monkeypatch.setattr(of_node, "_usage", _of_number)
    monkeypatch.setattr(gpus, "look", list)
    docker = NodeDocker("unix:///nowhere")
    docker.__dict__["_docker"] = Docker()
    return docker


def test_two_containers_of_one_instance_are_added_up(two_on_one_node: NodeDocker) -> None:
    assert two_on_one_node.usages() == {
        "a": Usage(3, 30, 15, 2, containers=("1", "2")),
        "b": Usage(4, 40, 40, 1, containers=("4",)),
    }
