"""Adds up, by the seed's formula, what jobs used of machines and pools in an hour, and each machine's days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Q

from desk.models import NodeHour, PoolHour
from jobs.models import Node
from pricing.models import Pool

HOUR = timedelta(hours=1)
MOST_HOURS = 24 * 7
"""Hours that one run catches up with; older ones are left out."""
KEPT = timedelta(days=35)
"""For which hours of nodes are kept; their days stay."""

# CPU seconds only grow within an attempt; memory and GPUs are means over the time that was measured. An attempt on
# several nodes has a row for each, with an equal part of its GPUs.
_USED = """
SELECT node, COALESCE(SUM(cpu), 0), COALESCE(SUM(memory * seconds), 0), COALESCE(SUM(gpu * seconds), 0),
    COUNT(*) FILTER (WHERE place = 1)
FROM (
    SELECT sample.node, MAX(sample.cpu_seconds) - MIN(sample.cpu_seconds) AS cpu,
        AVG(sample.memory_bytes)::float8 AS memory,
        COALESCE(AVG(sample.gpu_percent), 0) / 100 * job.units * %(gpus)s
            / COUNT(*) OVER (PARTITION BY job.id, sample.attempt) AS gpu,
        EXTRACT(EPOCH FROM MAX(sample.at) - MIN(sample.at))::float8 AS seconds,
        ROW_NUMBER() OVER (PARTITION BY job.id, sample.attempt ORDER BY sample.node) AS place
    FROM jobs_job AS job JOIN jobs_sample AS sample ON sample.job_id = job.id
    WHERE job.pool_id = %(pool)s AND job.start_at > %(earliest)s AND job.start_at < %(until)s
        AND job.end_at > %(since)s AND sample.at >= %(since)s AND sample.at < %(until)s
    GROUP BY job.id, sample.attempt, sample.node
) AS run
GROUP BY node
"""
_DAYS = """
INSERT INTO desk_nodeday (pool_id, node, day, hours, cpu, memory, gpu)
SELECT pool_id, node, (hour AT TIME ZONE 'UTC')::date, COUNT(*), AVG(cpu), AVG(memory), AVG(gpu)
FROM desk_nodehour WHERE pool_id = %(pool)s AND hour >= %(since)s GROUP BY 1, 2, 3
ON CONFLICT (pool_id, day, node) DO UPDATE
SET hours = EXCLUDED.hours, cpu = EXCLUDED.cpu, memory = EXCLUDED.memory, gpu = EXCLUDED.gpu
"""


class Has(NamedTuple):
    """What there is: CPUs, bytes and GPUs."""

    cpus: float
    memory: float
    gpus: float


class Shares(NamedTuple):
    cpu: float
    memory: float
    gpu: float | None


@dataclass(frozen=True)
class Use:
    """In one hour: seconds of CPUs, bytes times seconds, seconds of GPUs; and how many attempts were measured."""

    cpu: float = 0.0
    memory: float = 0.0
    gpu: float = 0.0
    runs: int = 0

    def of(self, has: Has) -> Shares:
        seconds = HOUR.total_seconds()
        return Shares(
            self.cpu / (has.cpus * seconds) if has.cpus else 0.0,
            self.memory / (has.memory * seconds) if has.memory else 0.0,
            self.gpu / (has.gpus * seconds) if has.gpus else None,
        )


def roll_hours(pool: Pool, now: datetime) -> None:
    """Whole hours since there was the pool, once each; the last one of those known is not looked at again."""
    end = whole_hour(now)
    known = PoolHour.objects.filter(pool=pool).aggregate(last=Max("hour"))["last"]
    first = max(known + HOUR if known else whole_hour(pool.created_at), end - MOST_HOURS * HOUR)
    for number in range((end - first) // HOUR):
        with transaction.atomic():
            _roll_hour(pool, first + number * HOUR)
    if first < end:
        with connection.cursor() as cursor:
            cursor.execute(_DAYS, {"pool": pool.pk, "since": first.replace(hour=0)})


def forget_hours(now: datetime) -> None:
    """Take away hours of nodes that are old."""
    NodeHour.objects.filter(hour__lt=now - KEPT).delete()


def _roll_hour(pool: Pool, hour: datetime) -> None:
    used = used_in(pool, hour)
    machines = _machines(pool, hour, used.keys() - {""})
    shares = {name: used.get(name, Use()).of(has) for name, has in machines.items()}
    rows = [NodeHour(pool=pool, node=name, hour=hour, **share._asdict()) for name, share in shares.items()]
    NodeHour.objects.bulk_create(rows, ignore_conflicts=True)
    told = _mean(shares.values()) if shares and "" not in used else _total(used.values()).of(_all(pool))
    runs = sum(use.runs for use in used.values())
    PoolHour.objects.bulk_create([PoolHour(pool=pool, hour=hour, runs=runs, **told._asdict())], ignore_conflicts=True)


def used_in(pool: Pool, hour: datetime) -> dict[str, Use]:
    """By node, empty where samples don't say. A job is found by its start, at most a horizon before its end."""
    span: dict[str, Any] = {"pool": pool.pk, "since": hour, "until": hour + HOUR, "gpus": pool.unit_gpus}
    span["earliest"] = hour - timedelta(seconds=pool.slot_seconds * pool.horizon_slots)
    with connection.cursor() as cursor:
        cursor.execute(_USED, span)
        return {node: Use(*used) for node, *used in cursor.fetchall()}


def _machines(pool: Pool, hour: datetime, seen: set[str]) -> dict[str, Has]:
    """The pool's that were there, with those that ran something: a node may be in no pool and run jobs of several."""
    before = NodeHour.objects.filter(pool=pool, hour=hour - HOUR).values("node")
    there = Q(available=True, since__lt=hour + HOUR) | Q(available=False, since__gt=hour)
    nodes = Node.objects.filter(Q(there, pool=pool) | Q(name__in=seen) | Q(available=True, pool=None, name__in=before))
    found = {node.name: Has(node.cpus, node.memory_mib * 2**20, node.gpus) for node in nodes}
    unknown = seen - found.keys()
    if unknown:  # those are gone, and were about as large as the others
        found |= dict.fromkeys(unknown, Has(*(part / (len(found) + len(unknown)) for part in _all(pool))))
    return found


def _all(pool: Pool) -> Has:
    memory = pool.units * pool.unit_memory_mib * 2**20
    return Has(float(pool.units * pool.unit_cpus), memory, pool.units * pool.unit_gpus)


def _mean(shares: Iterable[Shares]) -> Shares:
    """The seed's sum over machines by their number."""
    cpu, memory, gpu = zip(*shares, strict=True)
    gpus = [share for share in gpu if share is not None]
    return Shares(fmean(cpu), fmean(memory), fmean(gpus) if gpus else None)


def _total(used: Iterable[Use]) -> Use:
    each = list(used)
    return Use(sum(use.cpu for use in each), sum(use.memory for use in each), sum(use.gpu for use in each))


def whole_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
