"""How fast receipts are verified: `python -m benchmarks.receipts [JOBS]` has as many jobs decided, and verifies all."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from random import Random

BATCH = 10_000
SLOT_SECONDS, HORIZON = 300, 8_640


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    from tests.servers import servers_for_tests

    with servers_for_tests() as variables:
        os.environ.update(variables)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.testing")
        try:
            report(count)
        finally:
            for name in variables:
                del os.environ[name]


def report(count: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django_scopes import scopes_disabled

    from jobs.models import Job

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    buy(count)
    print(f"{count:,} jobs bought or refused in {time.monotonic() - began:.0f} s", flush=True)
    with scopes_disabled():
        job = Job.objects.values_list("pk", flat=True)[0]
    for which in ("one job", "all"):
        verify = [sys.executable, "manage.py", "verify_receipt", str(job) if which == "one job" else "--all"]
        began = time.monotonic()
        _pid, status, used = os.wait4(subprocess.Popen(verify).pid, 0)
        if status:
            raise SystemExit("receipts do not verify")
        seconds = time.monotonic() - began
        print(f"{which}: {seconds:.1f} s with the start of the process, {used.ru_maxrss / 1024:.0f} MiB at its peak")


def buy(count: int) -> None:
    """In batches, a slot apart, from a pool that is too small for all: two in three are refused, or more."""
    from django_scopes import scope

    from era_platform.common import clock
    from jobs.domain import JobRequest
    from jobs.models import Batch
    from jobs.services.submit_batch import submit_batch
    from pricing.services import snapshots
    from tests.factories import a_pool, a_tenant

    chance = Random(1)
    pool = a_pool("bench", slot_seconds=SLOT_SECONDS, horizon_slots=HORIZON, units=1_000)
    tenant = a_tenant("bench", credits=10**6)
    with clock.freeze(clock.now()):
        while count > 0:
            requests = [
                JobRequest(
                    pool=pool.slug,
                    units=chance.choice((1, 2, 4, 8, 16)),
                    duration=chance.randrange(1, 24) * SLOT_SECONDS,
                    earliest=clock.now() + timedelta(hours=chance.random() * 24 * 20),
                    deadline=clock.now() + timedelta(hours=24 * 25),
                    value=chance.randrange(10**5, 10**8),
                    name="bench",
                    image="host",
                    command=("true",),
                )
                for _number in range(min(BATCH, count))
            ]
            with scope(organization=tenant.organization):
                submit_batch(
                    actor=tenant.member,
                    organization=tenant.organization,
                    requests=requests,
                    mode=Batch.Mode.BEST_EFFORT,
                )
            snapshots.write_due()
            clock.advance(SLOT_SECONDS)
            count -= len(requests)


if __name__ == "__main__":
    main()
