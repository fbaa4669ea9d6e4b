"""Which nodes have an agent that works, and where a job has what it needs."""

from datetime import timedelta

from django.db.models import QuerySet

from era_platform.common import clock
from jobs.models import Agent, Job, Node, Staging

SILENT = timedelta(seconds=30)
"""An agent that says nothing for so long does not count."""


def at_work() -> QuerySet[Agent]:
    return Agent.objects.filter(seen_at__gt=clock.now() - SILENT)


def is_ready(job: Job, *, nodes: int = 1) -> bool:
    """Whether as many nodes of its pool as it needs have what it needs; of nodes without an agent nobody knows."""
    there = Node.objects.filter(pool=job.pool_id, available=True, name__in=at_work().values("node"))
    names = list(there.values_list("name", flat=True))
    ready = Staging.objects.filter(job=job, node__in=names, ready_at__isnull=False).count()
    return ready >= min(nodes, len(names))
