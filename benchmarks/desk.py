"""How long operators' pages take, and how much they ask, with 1,000,000 jobs and 10,000,000 transfers in the tables.

Run with `python -m benchmarks.desk [--jobs N]`: the data of `make demo-data` in a database of its own, and as many
lines of the audit record as jobs; every page of the desk, the admin's first page and each of its lists, by the server's
own time from request to rendered answer. With `--filled` it measures the database of DATABASE_URL, which has the data.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

JOBS, TIMES, LIMIT_MS = 1_000_000, 20, 300
POOL, NODES = "sample-pool-1", 100
READING = (
    "",
    "book/",
    "utilisation/",
    "utilisation/?days=365",
    f"utilisation/?days=365&pool={POOL}",
    f"utilisation/?days=365&pool={POOL}&node=node-7",
    f"utilisation/?days=1&pool={POOL}&node=node-7",
    "sales/",
    "sales/?days=365",
    f"sales/?days=365&pool={POOL}",
    "pause/",
    "banners/",
    "credit/",
)
AUDIT = ("audit/", "audit/?action=wallet", "audit/?action=nothing", "audit/?actor=admin.07", "audit/?actor=nobody@")

FILL_AUDIT = """
INSERT INTO accounts_auditevent (organization_id, actor_id, action, target, detail, at)
SELECT m.organization_id, m.user_id, (ARRAY['wallet.topped_up', 'job.refunded', 'pool.changed', 'job.cancelled'])
    [1 + n %% 4], 'sample ' || n, '{}', now() - (%(count)s - n) * interval '365 days' / %(count)s
FROM generate_series(1, %(count)s) n
JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS place, COUNT(*) OVER () AS most, organization_id, user_id
    FROM accounts_membership) m ON m.place = n %% m.most
"""
# A year of what is added up of nodes and forecasts, in one pool: more than one run of the tasks makes.
FILL_PAST = """
INSERT INTO desk_nodeday (pool_id, node, day, hours, cpu, memory, gpu)
SELECT p.id, 'node-' || n, current_date - d, 24, 0.5, 0.4, NULL
FROM pricing_pool p, generate_series(0, {nodes} - 1) n, generate_series(1, 365) d WHERE p.slug = '{pool}';
INSERT INTO desk_nodehour (pool_id, node, hour, cpu, memory, gpu)
SELECT p.id, 'node-' || n, date_trunc('hour', now()) - h * interval '1 hour', 0.5, 0.4, NULL
FROM pricing_pool p, generate_series(0, {nodes} - 1) n, generate_series(0, 24 * 35) h WHERE p.slug = '{pool}';
INSERT INTO desk_poolhour (pool_id, hour, cpu, memory, gpu, runs)
SELECT p.id, date_trunc('hour', now()) - h * interval '1 hour', 0.5, 0.4, NULL, 100
FROM pricing_pool p, generate_series(0, 24 * 365) h ON CONFLICT DO NOTHING;
INSERT INTO desk_forecastday (pool_id, day, ahead, price, said, came, hours)
SELECT p.id, current_date - d, 86400, 20000, 100, 110, 24 FROM pricing_pool p, generate_series(1, 365) d
ON CONFLICT DO NOTHING;
INSERT INTO desk_comparisonday (pool_id, day, units, requests, sold_accepted, sold_value, sold_seconds,
    queue_accepted, queue_value, queue_seconds)
SELECT p.id, current_date - d, 1000, 2700, 2600, 1, 1, 2700, 1, 1 FROM pricing_pool p, generate_series(1, 365) d
ON CONFLICT DO NOTHING;
UPDATE desk_queuebook SET since = now() - interval '365 days'
"""


@dataclass(frozen=True)
class Ask:
    """One request of a page; `given` are the fields of a form that only looks, sent with POST."""

    page: str
    given: dict[str, str] | None = None

    @property
    def name(self) -> str:
        return self.page + (" (preview)" if self.given else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--filled", action="store_true")
    options, _others = parser.parse_known_args()
    from tests.servers import servers_for_tests

    with ExitStack() as running:
        if not options.filled:
            os.environ.update(running.enter_context(servers_for_tests()))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.testing")
        os.environ.setdefault("ERA_LOG_LEVEL", "WARNING")
        import django

        django.setup()
        if not options.filled:
            fill(options.jobs)
        report()


def fill(jobs: int) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django_scopes import scopes_disabled

    from desk.demo_data import making
    from desk.services.compare import compare_all
    from desk.services.roll_up import roll_up

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    transfers = making.make(jobs=jobs, seed=1, tell=lambda done: print(f"{done:,} jobs", file=sys.stderr, flush=True))
    with connection.cursor() as cursor:
        cursor.execute(FILL_AUDIT, {"count": jobs})
        cursor.execute("VACUUM ANALYZE")
    print(f"Desk: {jobs:,} jobs, {transfers:,} transfers made in {time.perf_counter() - began:.0f} s", flush=True)
    for work in (roll_up, roll_up, compare_all, compare_all, fill_past):
        began = time.perf_counter()
        with scopes_disabled():
            work()
        print(f"{work.__name__}: {time.perf_counter() - began:.1f} s", flush=True)


def fill_past() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in FILL_PAST.format(nodes=NODES, pool=POOL).split(";\n"):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")


def report() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django_scopes import scopes_disabled

    from accounts.models import User
    from tests.factories import a_user, signed_in

    operator = User.objects.filter(is_superuser=True).first() or a_user("operator@example.com", is_staff=True)
    User.objects.filter(pk=operator.pk).update(is_superuser=True)
    client = signed_in(operator)
    print(f"{'page':72}{'queries':>8}{'p50':>10}{'p95':>10}")
    slow = []
    with scopes_disabled():
        asks = [*desk(), *lists()]
    for ask in asks:
        with CaptureQueriesContext(connection) as queries:
            answer = _answer(client, ask)
        assert answer.status_code == 200, f"{ask.name}: {answer.status_code}"
        asked = len(queries)  # now: the next request empties the log
        taken = sorted(_milliseconds(client, ask) for _ in range(TIMES))
        p50, p95 = taken[len(taken) // 2], taken[int(len(taken) * 0.95) - 1]
        print(f"{ask.name:72}{asked:8}{p50:7.0f} ms{p95:7.0f} ms", flush=True)
        if p95 > LIMIT_MS:
            slow.append(ask.name)
    print(f"Slower than {LIMIT_MS} ms at p95: {', '.join(slow) or 'none'}")


def desk() -> Iterator[Ask]:
    """Every page of the desk; a job is hunted by each thing that one may have of it."""
    from jobs.models import Attempt, Job, Placement
    from pricing.models import Pool

    job = Job.objects.filter(state="succeeded").latest("submitted_at")
    attempt = Attempt.objects.get(job=job, number=1)
    node = Placement.objects.filter(attempt=attempt).values_list("node", flat=True)[0]
    hunted = (
        str(job.pk),
        str(job.pk)[:8],
        attempt.instance,
        node,
        job.submitted_by.email,
        job.organization.slug,
        job.name,
        "nobody",
    )
    yield from (Ask(f"/admin/desk/{page}") for page in (*READING, *AUDIT, "jobs/", f"jobs/{job.pk}/"))
    yield from (Ask(f"/admin/desk/jobs/?q={text}") for text in hunted)
    pool = Pool.objects.order_by("slug")[0]
    window = {"pool": str(pool.pk), "units": "8", "reason": "Firmware", "way": "rebook", "preview": "1"}
    yield from (Ask("/admin/desk/maintenance/"), Ask("/admin/desk/maintenance/", window))


def lists() -> Iterator[Ask]:
    """The admin's first page, each of its lists, and each of these searched for what is nowhere."""
    from django.contrib import admin

    yield Ask("/admin/")
    for model, its in admin.site._registry.items():
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield Ask(page)
        if its.search_fields:
            yield Ask(f"{page}?q=zebra")


def _answer(client: Any, ask: Ask) -> Any:
    return client.get(ask.page) if ask.given is None else client.post(ask.page, ask.given)


def _milliseconds(client: Any, ask: Ask) -> float:
    began = time.perf_counter()
    _answer(client, ask)
    return 1_000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
