"""Keeps the book in step with the cluster: notes which nodes there are, and takes what is lost with one out of sale.

`watch` is done every few seconds and may be cut off anywhere: the next one goes on from what it finds.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from era_platform.common import clock
from era_platform.common.errors import Problem
from jobs.engines import engine
from jobs.engines.base import Capacity, EngineError
from jobs.models import Node
from jobs.services import replan
from pricing.models import BookEntry, Outage, Pool
from pricing.selectors import capacity
from pricing.services import book, outages

log = structlog.get_logger(__name__)


def watch() -> None:
    """Look at the cluster once, and let the book, and then the reservations, follow what is there."""
    with scopes_disabled():
        try:
            note(engine().capacity())
        except (EngineError, OSError) as error:
            log.warning("cluster_silent", error=str(error))  # nobody knows: nothing is lost for that
        for pool in Pool.objects.all():
            follow(pool)
            replan.replan(pool.pk, ahead=timedelta(seconds=settings.ERA_REPLAN_AHEAD_SECONDS))


@transaction.atomic
def note(seen: Iterable[Capacity]) -> None:
    """Write down the nodes as the engine has them. One that it no longer names is away."""
    pools, known = {pool.slug: pool for pool in Pool.objects.all()}, {node.name: node for node in Node.objects.all()}
    now = clock.now()
    for found in seen:
        node, pool = known.pop(found.node, None), pools.get(found.pool)
        fields = {
            "pool": pool,
            "units": units_of(found, pool) if pool else 0,
            "cpus": found.cpus,
            "memory_mib": found.memory_mib,
            "gpus": found.gpus,
            "available": found.available,
            "why": found.why[:200],
            "seen_at": now,
            "since": node.since if node and node.available == found.available else now,
        }
        Node.objects.update_or_create(name=found.node, defaults=fields)
    gone = [node.pk for node in known.values()]
    Node.objects.filter(pk__in=gone, available=True).update(available=False, since=now)
    Node.objects.filter(pk__in=gone).update(why="not in the cluster")


def units_of(node: Capacity, pool: Pool) -> int:
    """How many whole units of the pool fit on a node."""
    parts = [
        (Decimal(str(node.cpus)), pool.unit_cpus),
        (Decimal(node.memory_mib), Decimal(pool.unit_memory_mib)),
        (Decimal(node.gpus), Decimal(pool.unit_gpus)),
    ]
    return int(min((has // takes for has, takes in parts if takes), default=0))


def follow(pool: Pool) -> None:
    """Have the book lose exactly what is lost with nodes of this pool, one outage for each of them."""
    if not _to_change(pool):
        return  # by far the most common: no need to lock anything
    try:
        with transaction.atomic():
            pool = book.lock_pool(pool.pk)
            for node, units in _to_change(pool):
                _lose(pool, node, units)
    except Problem as problem:
        log.warning("loss_not_booked", pool=pool.slug, error=problem.detail)


def _lose(pool: Pool, node: Node, units: int) -> None:
    """Let the node's outage be of `units`: from the next slot on, for the running one is sold already."""
    if node.outage and _is_open(node.outage):
        outages.end(actor=None, outage_id=node.outage.pk)
    node.outage = None
    if units:
        reason = _("Node {name}: {why}").format(name=node.name, why=node.why or _("away"))[:200]
        cause, since = Outage.Cause.LOST, clock.slot_start(pool.slot_now() + 1, pool.slot_seconds)
        node.outage = outages.begin(actor=None, pool_id=pool.pk, cause=cause, units=units, reason=reason, since=since)
    node.save(update_fields=["outage"])
    log.warning("node_lost" if units else "node_back", node=node.name, pool=pool.slug, units=units)


def _to_change(pool: Pool) -> list[tuple[Node, int]]:
    """The nodes whose outage in this pool is not of as many units as it should be, and of how many."""
    nodes = [
        node
        for node in Node.objects.select_related("outage__pool", "pool").order_by("since", "name")
        if pool in (node.pool, node.outage and node.outage.pool)
    ]
    lost = dict(_lost(pool, [node for node in nodes if node.pool == pool]))
    changes = []
    for node in nodes:
        has = node.outage.units if node.outage and node.outage.pool == pool and _is_open(node.outage) else 0
        if has != lost.get(node, 0):
            changes.append((node, lost.get(node, 0)))
    return sorted(changes, key=lambda change: change[1])  # those first that give back


def _lost(pool: Pool, nodes: list[Node]) -> Iterable[tuple[Node, int]]:
    """Each node that is gone with the units that the book has to lose for it, in the order in which they went.

    Not more than the pool then lacks: other nodes may have room to spare, units that are away in maintenance
    are not sold anyway, and an operator may have said already that some are lost.
    """
    now, grace = clock.now(), timedelta(seconds=settings.ERA_NODE_GRACE_SECONDS)
    gone = [node for node in nodes if node.is_gone(now, grace)]
    if not gone:
        return
    there = sum(node.units for node in nodes if node not in gone)
    lacking = max(0, _sold_out_of(pool) - there - _said_lost(pool))
    for node in gone:
        yield node, min(node.units, lacking)
        lacking -= min(node.units, lacking)


def _sold_out_of(pool: Pool) -> int:
    """The units that the book expects to be there from the next slot on: nominal, less what is in maintenance."""
    first = pool.slot_now() + 1
    parts = capacity.steps_by_cause(pool, first)
    there = parts[BookEntry.Cause.NOMINAL].plus(parts[BookEntry.Cause.MAINTENANCE])
    return max(0, int(there.levels(there.capacity, first, first + 1)[0]))


def _said_lost(pool: Pool) -> int:
    """Units that an operator said are lost."""
    first = pool.slot_now() + 1
    of_nodes = Node.objects.exclude(outage=None).values("outage")
    lost = Outage.objects.filter(pool=pool, cause=Outage.Cause.LOST, start_slot__lte=first, end_slot__gt=first)
    return sum(outage.units for outage in lost.filter(back_from=None).exclude(pk__in=of_nodes))


def _is_open(outage: Outage) -> bool:
    return outage.back_from is None
