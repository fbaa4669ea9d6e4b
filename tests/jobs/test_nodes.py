"""Nodes as the cluster shows them, and what the book loses and gets back with them."""

from datetime import datetime, timedelta

import pytest
from django_scopes import scopes_disabled
from prometheus_client import CollectorRegistry
from pytest_django.fixtures import Settings

from era_platform.common import clock
from jobs.engines import engine
from jobs.engines.base import Capacity, EngineError
from jobs.gauges import JobGauges
from jobs.models import Node
from jobs.selectors.cluster import standings
from jobs.services import nodes, reconcile
from pricing.models import Outage, Pool
from pricing.selectors.capacity import capacity_ahead
from pricing.services import outages
from tests.factories import Tenant, a_pool, a_user, signed_in
from tests.jobs.ways import reserved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
GRACE = 30


@pytest.fixture(autouse=True)
def grace(settings: Settings) -> None:
    settings.ERA_NODE_GRACE_SECONDS = GRACE


@pytest.fixture
def pool(held_clock: datetime) -> Pool:
    """8 units of a quarter CPU and 256 MiB."""
    return a_pool("gpu")


def node(name: str, units: int = 4, *, up: bool = True, pool: str = "gpu", why: str = "down") -> Capacity:
    """A node on which so many units of the pool fit."""
    return Capacity(name, units / 4 + 0.1, units * 256 + 10, 0, up, pool, "" if up else why)


def cluster(pool: Pool, *seen: Capacity, later: float = 0) -> list[int]:
    """What is lost of the pool from slot to slot, `later` after the cluster looked like this."""
    nodes.note(seen)
    clock.advance(later)
    nodes.note(seen)
    nodes.follow(Pool.objects.get(pk=pool.pk))
    nodes.follow(Pool.objects.get(pk=pool.pk))  # twice is the same as once
    return lost(pool)


def lost(pool: Pool) -> list[int]:
    return [run.lost for run in capacity_ahead(Pool.objects.get(pk=pool.pk))]


def test_a_node_gives_as_many_units_as_fit_on_it(pool: Pool) -> None:
    nodes.note([node("a", 5), node("b", 3, pool=""), node("c", 3, pool="other")])
    assert [(one.name, one.pool, one.units) for one in Node.objects.order_by("name")] == [
        ("a", pool, 5),
        ("b", None, 0),
        ("c", None, 0),
    ]


def test_gpus_count_where_a_unit_has_some(held_clock: datetime) -> None:
    pool = a_pool("big", unit_gpus=2)
    found = Capacity("a", 64, 100_000, 5, True, "big")
    assert nodes.units_of(found, pool) == 2


def test_a_node_is_available_since_it_became_so(pool: Pool) -> None:
    began = clock.now()
    nodes.note([node("a")])
    clock.advance(10)
    nodes.note([node("a")])
    assert (Node.objects.get().since, Node.objects.get().seen_at) == (began, clock.now())
    nodes.note([node("a", up=False, why="drain")])
    assert (Node.objects.get().since, Node.objects.get().why) == (clock.now(), "drain")


def test_a_node_that_the_cluster_no_longer_names_is_away(pool: Pool) -> None:
    nodes.note([node("a"), node("b")])
    seen = clock.now()
    clock.advance(5)
    nodes.note([node("a")])
    gone = Node.objects.get(name="b")
    assert (gone.available, gone.why, gone.seen_at, gone.since) == (False, "not in the cluster", seen, clock.now())


def test_what_goes_down_is_lost_after_the_grace_and_comes_back_with_the_node(pool: Pool) -> None:
    assert cluster(pool, node("a"), node("b")) == [0]
    assert cluster(pool, node("a"), node("b", up=False), later=GRACE - 1) == [0]
    assert cluster(pool, node("a"), node("b", up=False), later=1) == [0, 4]
    outage = Outage.objects.get()
    assert (outage.units, outage.cause, outage.reason) == (4, "lost", "Node b: down")
    assert Node.objects.get(name="b").outage == outage
    clock.advance(60)
    assert cluster(pool, node("a"), node("b")) == [4, 0]
    assert Node.objects.get(name="b").outage is None
    clock.advance(60)
    assert lost(pool) == [0]
    assert Outage.objects.count() == 1


def test_a_node_lost_twice_is_booked_twice(pool: Pool) -> None:
    for _ in range(2):
        assert cluster(pool, node("a"), node("b", up=False), later=GRACE)[-1] == 4
        assert cluster(pool, node("a"), node("b"))[-1] == 0
        clock.advance(60)
    assert Outage.objects.count() == 2


def test_units_that_other_nodes_have_to_spare_are_not_missed(pool: Pool) -> None:
    assert cluster(pool, node("a"), node("b"), node("c", up=False), later=GRACE) == [0]
    assert cluster(pool, node("a"), node("b", up=False), node("c", up=False), later=GRACE) == [0, 4]
    clock.advance(60)
    assert cluster(pool, node("a"), node("b", up=False), node("c")) == [4, 0]


def test_an_outage_grows_where_a_spare_node_goes_later(pool: Pool) -> None:
    spare = [node("a", 8, up=False), node("b", 5)]
    assert cluster(pool, *spare, later=GRACE)[-1] == 3
    clock.advance(60)
    assert cluster(pool, node("a", 8, up=False), node("b", 5, up=False), later=GRACE)[-1] == 8
    assert sum(outage.units for outage in Outage.objects.filter(back_from=None)) == 8


def test_a_node_that_is_drained_in_planned_maintenance_is_not_lost(pool: Pool) -> None:
    outages.begin(actor=None, pool_id=pool.pk, cause=Outage.Cause.MAINTENANCE, units=4, reason="new disks")
    assert cluster(pool, node("a"), node("b", up=False, why="drain"), later=GRACE) == [0]


def test_units_that_an_operator_said_are_lost_are_not_lost_again(pool: Pool) -> None:
    outages.begin(actor=None, pool_id=pool.pk, cause=Outage.Cause.LOST, units=4, reason="node b")
    assert cluster(pool, node("a"), node("b", up=False), later=GRACE)[-1] == 4
    assert Node.objects.get(name="b").outage is None


def test_a_loss_that_an_operator_ended_is_booked_again_while_the_node_is_away(pool: Pool) -> None:
    cluster(pool, node("a"), node("b", up=False), later=GRACE)
    clock.advance(60)
    outages.end(actor=None, outage_id=Outage.objects.get().pk)
    assert cluster(pool, node("a"), node("b", up=False))[-1] == 4


def test_a_node_that_went_to_another_pool_is_missed_in_its_old_one(pool: Pool, held_clock: datetime) -> None:
    other = a_pool("other")
    cluster(pool, node("a"), node("b", up=False), later=GRACE)
    cluster(other, node("a"), node("b", 8, up=False, pool="other"))
    clock.advance(60)
    assert (lost(other)[-1], Node.objects.get(name="b").outage) == (8, Outage.objects.get(pool=other))
    assert Outage.objects.get(pool=pool).back_from is not None


def test_a_cluster_that_says_nothing_loses_nothing(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes.note([node("a"), node("b")])

    def silent() -> list[Capacity]:
        raise EngineError("no manager answers")

    monkeypatch.setattr(engine(), "capacity", silent)
    clock.advance(10 * GRACE)
    nodes.watch()
    assert (lost(pool), Node.objects.filter(available=True).count()) == ([0], 2)


def test_a_watch_moves_or_ends_what_no_longer_fits(ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    job = reserved(ours, pool, units=6, deadline=clock.now() + timedelta(seconds=180))
    nodes.note([node("a"), node("b", up=False)])
    clock.advance(GRACE)
    monkeypatch.setattr(engine(), "capacity", lambda: [node("a"), node("b", up=False)])
    nodes.watch()
    with scopes_disabled():
        job.refresh_from_db()
    assert (job.state, job.reason, job.paid) == ("failed", "platform", 0)


@pytest.mark.django_db(transaction=True)
def test_the_reconciler_finds_nothing_after_a_loss(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool, units=6)
    cluster(pool, node("a"), node("b", up=False), later=GRACE)
    assert reconcile.reconcile() == []


def test_the_engine_of_one_machine_shows_it(held_clock: datetime) -> None:
    nodes.watch()
    [only] = Node.objects.all()
    assert (only.available, only.pool, only.outage) == (True, None, None)


def test_operators_see_book_and_cluster_side_by_side(pool: Pool, ours: Tenant) -> None:
    cluster(pool, node("a"), node("b", up=False), node("c", pool=""), later=GRACE)
    operator = signed_in(a_user("operator@example.com", is_staff=True))
    answer = operator.get("/admin/jobs/node/")
    [standing] = [each for each in answer.context["standings"] if each.pool == pool]
    assert standing.parts == {
        "nominal": 8,
        "maintenance": 0,
        "headroom": 0,
        "lost": 4,
        "for_sale": 4,
        "promised": 0,
        "there": 4,
        "away": 4,
        "in_use": 0,
    }
    assert [seen.node.name for seen in answer.context["others"]] == ["c"]
    assert operator.get(f"/admin/jobs/node/{Node.objects.get(name='b').pk}/change/").status_code == 200
    assert ours.client("owner").get("/admin/jobs/node/").status_code == 302


def test_what_the_book_counts_on_and_the_cluster_lacks_is_said(pool: Pool) -> None:
    nodes.note([node("a", 3)])
    with scopes_disabled():
        [standing] = [each for each in standings() if each.pool == pool]
    assert (standing.missing, standing.short) == (5, 0)


def test_a_node_that_is_gone_for_good_is_forgotten_and_no_other(pool: Pool) -> None:
    operator = signed_in(a_user("operator@example.com", is_staff=True))
    cluster(pool, node("a", 8), node("b"), node("c", 8, up=False))
    for name, status in (("a", 403), ("c", 302)):
        found = Node.objects.get(name=name)
        assert operator.post(f"/admin/jobs/node/{found.pk}/delete/", {"post": "yes"}).status_code == status
    assert set(Node.objects.values_list("name", flat=True)) == {"a", "b"}


def test_prometheus_is_told_of_pools_and_nodes(pool: Pool) -> None:
    cluster(pool, node("a"), node("b", up=False), later=GRACE)
    registry = CollectorRegistry()
    registry.register(JobGauges())
    assert registry.get_sample_value("era_pool_units", {"pool": "gpu", "part": "lost"}) == 4
    assert registry.get_sample_value("era_node_available", {"pool": "gpu", "node": "b"}) == 0
