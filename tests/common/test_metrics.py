"""What Prometheus is told: the sum over processes, and what the database knows."""

import os
import subprocess
import sys

import pytest

from era_platform.common import metrics
from jobs.gauges import JobGauges
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.ways import exited, reserved, running

ENVIRONMENT = {**os.environ, "DJANGO_SETTINGS_MODULE": "era_platform.settings.testing"}


def value(line: str) -> float:
    """The value of the sample that begins with `line`; 0 if there is none."""
    for found in metrics.exposition(JobGauges()).decode().splitlines():
        if found.startswith(line + " "):
            return float(found.rsplit(" ", 1)[1])
    return 0


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool("metered")


@pytest.mark.django_db(transaction=True)
def test_decisions_prices_and_settlements_are_counted(ours: Tenant, pool: Pool) -> None:
    names = [
        'era_decisions_total{outcome="accepted",pool="metered"}',
        'era_price_credits_count{pool="metered"}',
        'era_transitions_total{state="running"}',
        'era_settlements_total{state="succeeded"}',
    ]
    before = [value(name) for name in names]
    exited(running(ours, pool), 0)
    assert [value(name) - was for name, was in zip(names, before, strict=True)] == [1, 1, 1, 1]


@pytest.mark.django_db
def test_queues_are_as_long_as_they_are(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    reserved(ours, pool)
    running(theirs, pool)
    lengths = {queue: value(f'era_queue_length{{queue="{queue}"}}') for queue in ("reserved", "due", "running")}
    assert lengths == {"reserved": 1, "due": 0, "running": 1}
    assert value('era_ledger_credits{kind="wallet"}') + value('era_ledger_credits{kind="held"}') == pytest.approx(200)


@pytest.mark.django_db
def test_what_other_processes_counted_is_counted() -> None:
    name = 'era_launches_total{pool="elsewhere"}'
    before = value(name)
    program = "from era_platform.common import metrics; metrics.LAUNCHES.labels('elsewhere').inc()"
    subprocess.run([sys.executable, "-c", "import django; django.setup(); " + program], env=ENVIRONMENT, check=True)
    assert value(name) == before + 1
