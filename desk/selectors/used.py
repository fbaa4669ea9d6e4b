"""How machines were used over a period, by the seed's formula: by pool, by node, and as time went on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Avg, Count, F, FloatField, QuerySet, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, TruncDay

from desk.models import NodeDay, NodeHour, PoolHour
from desk.periods import Period
from desk.utilisation import Ratios, utilisation
from pricing.models import Pool

MOST_NODES = 500
"""Shown of a pool."""

Row = tuple[object, float, float, float | None, int]


@dataclass(frozen=True)
class Used:
    """Shares over a period, in percent; `gpu` is None where there are no GPUs."""

    label: str
    cpu: float
    memory: float
    gpu: float | None
    whole: float
    hours: int


def by_pool(period: Period, ratios: Ratios) -> list[Used]:
    """The means of each pool's hours."""
    found = _hours(period).values_list("pool__slug").annotate(*_MEANS).order_by("pool__slug")
    return _used(found, ratios)


def by_node(period: Period, ratios: Ratios, pool: Pool) -> list[Used]:
    """The means of each node's hours; the first MOST_NODES by name."""
    days = NodeDay.objects.filter(pool=pool, day__gte=period.since, day__lte=period.until)
    found = days.values_list("node").annotate(**_WEIGHED, all=Sum("hours")).order_by("node")
    return _used(found[:MOST_NODES], ratios)


def over_time(period: Period, ratios: Ratios, pool: Pool, node: str = "") -> list[Used]:
    """The means of each of a pool's, or a node's, days; of its hours, if the period is short. The newest first."""
    if not node:
        hours = _hours(period).filter(pool=pool).annotate(at=F("hour") if period.by_hour else TruncDay("hour"))
        return _used(hours.values_list("at").annotate(*_MEANS).order_by("-at"), ratios, by_hour=period.by_hour)
    if not period.by_hour:
        days = NodeDay.objects.filter(pool=pool, node=node, day__gte=period.since, day__lte=period.until)
        return _used(days.order_by("-day").values_list("day", "cpu", "memory", "gpu", "hours"), ratios)
    of_node = NodeHour.objects.filter(pool=pool, node=node, hour__gte=period.begin, hour__lt=period.end)
    found = of_node.order_by("-hour").values_list("hour", "cpu", "memory", "gpu", Value(1))
    return _used(found, ratios, by_hour=True)


_MEANS = (Avg("cpu"), Avg("memory"), Avg("gpu"), Count("pk"))


def _weighed(name: str) -> CombinedExpression:
    return Sum(F(name) * F("hours")) / Cast(Sum("hours"), FloatField())


_WEIGHED = {f"mean_{name}": _weighed(name) for name in ("cpu", "memory", "gpu")}


def _hours(period: Period) -> QuerySet[PoolHour]:
    return PoolHour.objects.filter(hour__gte=period.begin, hour__lt=period.end)


def _used(rows: Iterable[Row], ratios: Ratios, *, by_hour: bool = False) -> list[Used]:
    form = "%Y-%m-%d %H:%M" if by_hour else "%Y-%m-%d"
    return [
        Used(
            label.strftime(form) if isinstance(label, date) else str(label),
            100 * cpu,
            100 * memory,
            None if gpu is None else 100 * gpu,
            100 * utilisation(ratios, cpu=cpu, memory=memory, gpu=gpu),
            hours,
        )
        for label, cpu, memory, gpu, hours in rows
    ]
