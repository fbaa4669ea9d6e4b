"""What the book thinks a pool has, and what the cluster has, side by side, for the slot that comes next."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from jobs.models import Agent, Job, Node
from jobs.selectors import agents
from jobs.states import ACTIVE
from pricing.models import BookEntry, Pool
from pricing.selectors import books, capacity

Cause = BookEntry.Cause


class Seen(NamedTuple):
    """A node, and its agent if it ever had one; `agent_works` where that has said so lately."""

    node: Node
    agent: Agent | None
    agent_works: bool


@dataclass(frozen=True)
class Standing:
    """Units. `for_sale` is what is left of `nominal`; `promised` may be more where units were lost after the sale.

    `there` are the units of the nodes that are available, `away` those of the others; `in_use` what runs now.
    """

    pool: Pool
    nominal: int
    maintenance: int
    headroom: int
    lost: int
    promised: int
    nodes: list[Seen]
    in_use: int

    @property
    def for_sale(self) -> int:
        return max(0, self.expected - self.headroom)

    @property
    def expected(self) -> int:
        """What the book expects the cluster to have."""
        return max(0, self.nominal - self.maintenance - self.lost)

    @property
    def there(self) -> int:
        return sum(seen.node.units for seen in self.nodes if seen.node.available)

    @property
    def away(self) -> int:
        return sum(seen.node.units for seen in self.nodes if not seen.node.available)

    @property
    def missing(self) -> int:
        """Units that the book counts on and the cluster lacks: for as long as the grace lasts, or because fewer
        machines were put up than are sold. Where a pool has no nodes, nobody knows."""
        return max(0, self.expected - self.there) if self.nodes else 0

    @property
    def short(self) -> int:
        """Promised units that have no machine."""
        return max(0, self.promised - self.expected)

    @property
    def parts(self) -> dict[str, int]:
        names = ("nominal", "maintenance", "headroom", "lost", "for_sale", "promised", "there", "away", "in_use")
        return {name: getattr(self, name) for name in names}


def standings() -> Iterator[Standing]:
    """Of every pool."""
    nodes = _with_agents(Node.objects.exclude(pool=None).select_related("outage"))
    running = Job.objects.filter(state__in=ACTIVE).values_list("pool").annotate(Sum("units")).order_by()
    in_use = dict(running)
    for pool in Pool.objects.all():
        here = [seen for seen in nodes if seen.node.pool_id == pool.pk]
        yield _standing(pool, here, in_use.get(pool.pk, 0))


def nodes_of_no_pool() -> list[Seen]:
    return _with_agents(Node.objects.filter(pool=None))


def _with_agents(nodes: QuerySet[Node]) -> list[Seen]:
    known = {agent.node: agent for agent in Agent.objects.all()}
    works = set(agents.at_work().values_list("node", flat=True))
    return [Seen(node, known.get(node.name), node.name in works) for node in nodes.order_by("name")]


def _standing(pool: Pool, nodes: list[Seen], in_use: int) -> Standing:
    slot = pool.slot_now() + 1
    parts = capacity.steps_by_cause(pool, slot)
    level = {cause: int(steps.levels(steps.capacity, slot, slot + 1)[0]) for cause, steps in parts.items()}
    book = books.as_of(pool, pool.book_number, slot, slot + 1)
    return Standing(
        pool=pool,
        nominal=level[Cause.NOMINAL],
        maintenance=-level[Cause.MAINTENANCE],
        headroom=-level[Cause.HEADROOM],
        lost=-level[Cause.LOST],
        promised=int(book.promised[0]),
        nodes=nodes,
        in_use=in_use,
    )
