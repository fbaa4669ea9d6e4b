"""What Prometheus learns of the jobs at the moment it asks: how long each queue is, and how late its first."""

from collections.abc import Iterable

from django.db.models import Count, Min, Q, Sum
from django_scopes import scopes_disabled
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.models import LedgerAccount
from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.models import Attempt, Job, Node
from jobs.selectors.cluster import standings
from jobs.services.settle import removable, unsettled
from jobs.states import State


class JobGauges(Collector):
    """Asks the database, so the answer is right whichever process gives it."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        with scopes_disabled():
            yield _queues()
            yield _lateness()
            yield _balances()
            yield from _cluster()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []  # or registering would collect once, to learn the names


def _queues() -> GaugeMetricFamily:
    family = GaugeMetricFamily("era_queue_length", "Jobs (or instances) waiting for each step.", labels=["queue"])
    now = clock.now()
    counts = Job.objects.filter(state__in=[State.RESERVED, State.STARTING, State.RUNNING]).aggregate(
        reserved=Count("pk", filter=Q(state=State.RESERVED)),
        due=Count("pk", filter=Q(state=State.RESERVED, start_at__lte=now)),
        unstaged=Count("pk", filter=Q(state=State.RESERVED, staged_at=None)),
        starting=Count("pk", filter=Q(state=State.STARTING)),
        running=Count("pk", filter=Q(state=State.RUNNING)),
    )
    counts["unsettled"] = unsettled().count()
    counts["instances_alive"] = Attempt.objects.filter(ended_at=None).count()
    counts["instances_to_remove"] = removable().count()
    for queue, length in counts.items():
        family.add_metric([queue], length)
    return family


def _lateness() -> GaugeMetricFamily:
    first = Job.objects.filter(state=State.RESERVED).aggregate(first=Min("start_at"))["first"]
    late = max((clock.now() - first).total_seconds(), 0) if first else 0
    return GaugeMetricFamily("era_due_oldest_seconds", "How long the job that is due first has been due.", late)


def _cluster() -> Iterable[GaugeMetricFamily]:
    told = "Units from the next slot on, in the book and of nodes."
    units = GaugeMetricFamily("era_pool_units", told, labels=["pool", "part"])
    for standing in standings():
        for part, count in standing.parts.items():
            units.add_metric([standing.pool.slug, part], count)
    yield units
    available = GaugeMetricFamily("era_node_available", "Whether a node takes jobs.", labels=["node", "pool"])
    for node in Node.objects.select_related("pool"):
        available.add_metric([node.name, node.pool.slug if node.pool else ""], int(node.available))
    yield available


def _balances() -> GaugeMetricFamily:
    """Sums only: whose money it is, is nobody's business here."""
    family = GaugeMetricFamily("era_ledger_credits", "Sum of the ledger's accounts of each kind.", labels=["kind"])
    for kind, total in LedgerAccount.objects.values_list("kind").annotate(total=Sum("balance")).order_by():
        family.add_metric([kind], total / MICRO)
    return family
