"""What the platform counts, for Prometheus.

Web, worker, beat and collector are processes of their own: each counts into files under
ERA_DATA_DIR/metrics, which are added up when somebody asks. What can be read from the database at
that moment (queue lengths and the like) is not counted but asked there: see jobs/gauges.py.
"""

import os
from pathlib import Path

from django.conf import settings

FOLDER = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(Path(settings.ERA_DATA_DIR) / "metrics")))
FOLDER.mkdir(parents=True, exist_ok=True)

# prometheus_client looks at the variable above when it is imported.
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

DECISIONS = Counter("era_decisions", "Answers to submissions, by pool and outcome.", ["pool", "outcome"])
PRICES = Histogram(
    "era_price_credits",
    "Credits per unit and slot of accepted jobs.",
    ["pool"],
    buckets=[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
)
TRANSITIONS = Counter("era_transitions", "Changes of jobs' states, by the state they came to.", ["state"])
LAUNCHES = Counter("era_launches", "Attempts that were begun.", ["pool"])
LAUNCH_FAILURES = Counter("era_launch_failures", "Launches and stagings that the engine could not do.", ["step"])
LATENESS = Histogram(
    "era_launch_lateness_seconds",
    "From the start of a job's slot until its command ran.",
    buckets=[0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300],
)
LOG_LAG = Histogram(
    "era_log_lag_seconds",
    "From a job's writing to its log until that was announced.",
    buckets=[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
)
SETTLEMENTS = Counter("era_settlements", "Jobs settled, by the state they ended in.", ["state"])
REPLANNED = Counter(
    "era_replanned",
    "Reservations whose slot was lost with a machine: `moved`, or `ended` with a refund.",
    ["pool", "outcome"],
)
DIFFERENCES = Gauge(
    "era_reconcile_differences",
    "Differences between ledger, reservations and instances at the last look.",
    ["kind"],
    multiprocess_mode="mostrecent",
)


def exposition(*collectors: Collector) -> bytes:
    """All that was counted by any process, and what `collectors` find out now, in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(FOLDER))  # type: ignore[no-untyped-call]
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
