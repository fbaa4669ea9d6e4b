"""How long a fit on 70,000 requests takes, and how much later a submission gets its answer because of a refit.

Run with `python -m benchmarks.forecast`. Submissions come one after the other, by the service that pages and
API use, into a PostgreSQL of its own; meanwhile another process fits and publishes as the worker does. The
submission that first sees the new version compiles its table before it takes the pool's lock.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

REQUESTS = 70_000
UNITS, SLOT_SECONDS, HORIZON = 10_000, 300, 8_640
DAYS = 24
FIT_LIMIT, DELAY_LIMIT = 10.0, 20.0  # seconds, milliseconds
QUIET, ROUNDS = 6.0, 3


def main() -> None:
    options = parse()
    if options.step:
        print(json.dumps(STEPS[options.step]()))
        return
    from tests.servers import servers_for_tests

    with servers_for_tests() as variables:
        os.environ.update(variables)
        try:
            report()
        finally:
            for name in variables:
                del os.environ[name]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    known, _others = parser.parse_known_args()
    return known


def report() -> None:
    print(f"Forecast: {REQUESTS:,} requests of {DAYS} days, {UNITS:,} units, {HORIZON:,} slots ahead", flush=True)
    alone = step("alone")
    learnt, took, size = alone["learnt"], alone["fit"], alone["bytes"] / 2**20
    print(f"a fit, which looks at the last {learnt:,} of them: {took:.1f} s, to be at most {FIT_LIMIT:.0f};", end=" ")
    print(f"{alone['worked']:.1f} s of a processor")
    print(f"compiling the new version's table: {alone['compile']:.1f} ms (the longest of five), {size:.1f} MiB")
    print(f"publishing it locks the pool's row: {alone['locked']:.1f} ms (median), {alone['locked_most']:.1f} (most)")
    print(f"a preview of another policy on the same requests: {alone['preview']:.1f} s", flush=True)
    print(f"{'submissions, ms':<44}{'count':>8}{'p50':>8}{'p99':>8}{'most':>8}")
    found = step("stream")
    for name, times in found["times"].items():
        times.sort()
        p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99))
        print(f"{name:<44}{len(times):>8}{p50:>8.1f}{p99:>8.1f}{times[-1]:>8.1f}")
    usual = found["times"]["nothing else"]
    later = ", ".join(f"{first - usual[len(usual) // 2]:.1f}" for first in found["firsts"])
    print(f"first on a new version, later than the usual median by {later} ms, to be at most {DELAY_LIMIT:.0f};")
    print(f"of a processor it took {', '.join(f'{more:.1f}' for more in found['firsts_cpu'])} ms more than the usual")


def step(name: str) -> dict[str, Any]:
    """One step in a process of its own."""
    done = subprocess.run(command(name), env=environment(), stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def command(name: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.forecast", "--step", name]


def environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "era_platform.settings.testing"}


# --- what the processes do ----------------------------------------------------------------------


def a_history(now: int) -> Any:
    """Jobs of all sizes up to a quarter of the pool, in windows of 1.2 to 10 times their length, together about 1.5
    times what the pool has; what a unit and slot is worth is log-normal."""
    import numpy as np

    from pricing.forecasting import History

    rng = np.random.default_rng(5)
    slots = np.clip(np.rint(rng.lognormal(2.5, 1.2, REQUESTS)), 1, 2_000).astype(np.int64)
    units = np.clip(np.rint(rng.lognormal(3.5, 1.5, REQUESTS)), 1, UNITS // 4).astype(np.int64)
    arrival = np.sort(now - rng.integers(0, DAYS * 86_400 // SLOT_SECONDS, REQUESTS))
    window = np.ceil(slots * rng.uniform(1.2, 10, REQUESTS)).astype(np.int64)
    value = np.rint(units * slots * 20_000 * rng.lognormal(0, 1, REQUESTS)).astype(np.int64)
    return History(arrival, units, slots, arrival + 1, arrival + 1 + window, value)


def a_pool() -> Any:
    from decimal import Decimal

    from pricing.models import Pool
    from pricing.services.pools import create_pool

    return Pool.objects.filter(slug="bench").first() or create_pool(
        actor=None,
        slug="bench",
        name="bench",
        slot_seconds=SLOT_SECONDS,
        horizon_slots=HORIZON,
        units=UNITS,
        unit_cpus=Decimal(1),
        unit_memory_mib=1024,
        floor_price=1_000,
        list_price=20_000,
        ceiling_price=1_000_000,
    )


def do_alone() -> dict[str, Any]:
    """Fit, table and preview with nothing else going on."""
    import django

    django.setup()
    from copy import copy

    from django.core.management import call_command
    from django.db import transaction

    from pricing.selectors import asked, tables
    from pricing.services import book, forecasts
    from pricing.services.preview import preview

    call_command("migrate", verbosity=0)
    pool = a_pool()
    history = a_history(pool.slot_now())
    began, worked = time.perf_counter(), time.process_time()
    forecast = forecasts.refit(pool, history)
    fitted, worked = time.perf_counter() - began, time.process_time() - worked
    assert forecast
    times = []
    for _ in range(5):
        began = time.perf_counter()
        table = tables.compile_table(forecast, UNITS)
        times.append(time.perf_counter() - began)
    locked = []
    for _ in range(21):
        with transaction.atomic():
            row = book.lock_pool(pool.pk)
            began = time.perf_counter()
            forecasts.publish(
                row, method="back-test", curves=forecast.curves, lags=forecast.lags, made_in=forecast.made_in
            )
        locked.append((time.perf_counter() - began) * 1e3)
    pool.refresh_from_db()
    changed = copy(pool)
    changed.floor_price, changed.max_units = 5_000, 1_000
    asked.comes_from(lambda _pool: history[-20_000:])
    began = time.perf_counter()
    preview(pool, changed)
    return {
        "fit": fitted,
        "worked": worked,
        "learnt": forecast.requests,
        "compile": max(times) * 1e3,
        "bytes": table.nbytes,
        "locked": sorted(locked)[len(locked) // 2],
        "locked_most": max(locked),
        "preview": time.perf_counter() - began,
    }


def do_refit() -> dict[str, Any]:
    """What the worker does, with requests that are at hand."""
    import django

    django.setup()
    from pricing.services import forecasts

    pool = a_pool()
    history = a_history(pool.slot_now())
    began = time.perf_counter()
    forecasts.refit(pool, history)
    return {"seconds": time.perf_counter() - began}


def do_stream() -> dict[str, Any]:
    """Submissions with nothing else going on, and while another process refits; those first on a new version."""
    import logging

    import django

    django.setup()
    from datetime import timedelta

    from django_scopes import scope

    from accounts.services import organizations, users, wallets
    from era_platform.common import clock
    from jobs.domain import JobRequest
    from jobs.services.submit import submit

    person = users.create_user(email="bench@example.com", password=None)
    team = organizations.create_team(actor=person, name="Team", slug="team")
    wallets.top_up(actor=None, organization=team, amount=10**15)
    a_pool()
    now = clock.now()
    request = JobRequest(
        pool="bench",
        units=4,
        duration=12 * SLOT_SECONDS,
        deadline=now + timedelta(seconds=HORIZON * SLOT_SECONDS),
        value=10**12,
        name="job",
        image="host",
        command=("true",),
    )

    def one() -> tuple[float, float, int]:
        """Milliseconds, those of a processor in this process, and the forecast that decided."""
        began, worked = time.perf_counter(), time.thread_time()
        with scope(organization=team):
            job = submit(actor=person, organization=team, request=request)
        return (time.perf_counter() - began) * 1e3, (time.thread_time() - worked) * 1e3, job.forecast_id

    logging.disable(logging.INFO)
    for _ in range(50):
        one()
    quiet, busy, firsts, more = list[float](), list[float](), list[float](), list[float]()
    until = time.monotonic() + QUIET
    works = []
    while time.monotonic() < until:
        took, work, seen = one()
        quiet.append(took)
        works.append(work)
    usual = sorted(works)[len(works) // 2]
    for _ in range(ROUNDS):
        worker = subprocess.Popen(command("refit"), env=environment(), stdout=subprocess.DEVNULL)
        has_ended = False
        while not has_ended:
            has_ended = worker.poll() is not None  # one more after it: that sees the new version at the latest
            took, work, forecast = one()
            if forecast == seen:
                busy.append(took)
            else:
                firsts.append(took)
                more.append(work - usual)
                seen = forecast
    return {"times": {"nothing else": quiet, "while another process fits": busy}, "firsts": firsts, "firsts_cpu": more}


STEPS = {"alone": do_alone, "refit": do_refit, "stream": do_stream}


if __name__ == "__main__":
    main()
