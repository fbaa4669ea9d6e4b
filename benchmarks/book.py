"""How soon a new process has the book of a pool with 1,000,000 past and 50,000 future reservations.

Run with `python -m benchmarks.book`: makes the reservations in a PostgreSQL of its own. Every way of reading
must come to the same book.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

PAST, FUTURE, TAIL = 1_000_000, 50_000, 4_999
SLOT_SECONDS, HORIZON, YEAR = 300, 8_640, 365 * 288
ROUNDS = 5

# A reservation's slots and units come from PostgreSQL's hash of its number: like chance, yet the same each time.
FILL = """
INSERT INTO pricing_bookentry (pool_id, number, kind, start_slot, end_slot, units, capacity, cause, memo, at)
SELECT %(pool)s, n, 'reserve', start, start + 1 + (chance >> 8) %% 12, 1 + (chance >> 16) %% 8, 0, '', '', now()
FROM (
    SELECT n, chance, CASE WHEN n <= %(past)s THEN %(first)s - 13 - chance %% %(year)s
                           ELSE %(first)s + chance %% (%(horizon)s - 12) END AS start
    FROM (SELECT n, hashint8(n) & 2147483647 AS chance FROM generate_series(%(next)s::bigint, %(last)s) AS n) AS drawn
) AS made
"""


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
    print(f"Book: {PAST:,} past and {FUTURE:,} future reservations, {HORIZON:,} slots ahead", flush=True)
    filled = step("fill")
    print(f"made in {filled['seconds']:.0f} s", flush=True)
    row("", "book, ms", "process, ms", "most, ms")
    plain = ready("new process, entries only")
    written = step("snapshot")
    newest = ready("new process, snapshot just written")
    step("tail")
    behind = ready(f"new process, snapshot + {TAIL:,} entries")
    caught_up = step("catch_up")
    if not plain["sum"] == newest["sum"] or behind["sum"] != caught_up["sum"]:
        raise SystemExit(f"the ways to read the book differ: {plain}, {newest}, {behind}, {caught_up}")
    print(f"snapshot: {written['bytes'] / 1024:,.0f} KiB, written in {written['seconds'] * 1e3:.0f} ms")
    for count, seconds in caught_up["seconds"].items():
        print(f"catching up with {int(count):>6,} entries: {seconds * 1e3:8.2f} ms")
    print(f"as of an entry since the snapshot:     {caught_up['as_of'] * 1e3:.1f} ms")


def row(*cells: str) -> None:
    print(f"{cells[0]:<44}" + "".join(f"{cell:>13}" for cell in cells[1:]), flush=True)


def ready(what: str) -> dict[str, Any]:
    """Times new processes: until the whole portal is imported and the book is there, and the book's part of it."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.time()
        found = step("ready")
        rounds.append(found | {"process": found["at"] - began})
    book, process = ([found[part] * 1e3 for found in rounds] for part in ("book", "process"))
    row(what, f"{statistics.median(book):.0f}", f"{statistics.median(process):.0f}", f"{max(process):.0f}")
    return rounds[0]


def step(name: str) -> dict[str, Any]:
    """One step in a process of its own."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "era_platform.settings.testing"}
    command = [sys.executable, "-m", "benchmarks.book", "--step", name]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# --- what the processes do ----------------------------------------------------------------------


def do_fill() -> dict[str, Any]:
    import django

    django.setup()
    from decimal import Decimal

    from django.core.management import call_command
    from django.db import connection

    from pricing.services.pools import create_pool

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    create_pool(
        actor=None,
        slug="bench",
        name="bench",
        slot_seconds=SLOT_SECONDS,
        horizon_slots=HORIZON,
        units=10_000,
        unit_cpus=Decimal(1),
        unit_memory_mib=1024,
        floor_price=1,
        list_price=2,
        ceiling_price=10,
    )
    _reserve(PAST + FUTURE, past=PAST)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE pricing_bookentry")
    return {"seconds": time.monotonic() - began}


def do_ready() -> dict[str, Any]:
    import era_platform.asgi  # noqa: F401  (all that a web process imports)
    from pricing.selectors import books

    began = time.monotonic()
    pool, first = _pool()
    with books.current(pool, first, first + HORIZON) as book:
        return {"book": time.monotonic() - began, "at": time.time(), "sum": _sum(book)}


def do_snapshot() -> dict[str, Any]:
    import django

    django.setup()
    from pricing.models import BookSnapshot
    from pricing.services import snapshots

    pool, _first = _pool()
    seconds = _timed(lambda: snapshots.write(pool))
    return {"seconds": seconds, "bytes": len(BookSnapshot.objects.get().steps)}


def do_tail() -> dict[str, Any]:
    import django

    django.setup()
    _reserve(TAIL)
    return {}


def do_catch_up() -> dict[str, Any]:
    import django

    django.setup()
    from pricing.selectors import books

    pool, first = _pool()

    def catch_up() -> str:
        pool, _first = _pool()
        with books.current(pool, first, first + HORIZON) as book:
            return _sum(book)

    answer: dict[str, Any] = {"sum": catch_up(), "seconds": {}}
    for count in (1, 100, 10_000):
        _reserve(count)
        answer["seconds"][count] = _timed(catch_up)
    answer["as_of"] = _timed(lambda: books.as_of(pool, PAST + FUTURE + TAIL // 2, first, first + HORIZON))
    return answer


def _reserve(count: int, *, past: int = 0) -> None:
    """So many more reservations, of which those up to number `past` have ended."""
    from django.db import connection, transaction
    from django.db.models import F

    from pricing.models import Pool

    pool, first = _pool()
    numbers = {"next": pool.book_number + 1, "last": pool.book_number + count, "past": past}
    values = {"pool": pool.pk, "first": first, "horizon": HORIZON, "year": YEAR, **numbers}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FILL, values)
        Pool.objects.filter(pk=pool.pk).update(book_number=F("book_number") + count)


def _pool() -> Any:
    """The pool, and the first slot of this benchmark's book: the same for all processes, however long it takes."""
    from pricing.models import BookEntry, Pool

    pool = Pool.objects.get()
    return pool, BookEntry.objects.values_list("start_slot", flat=True).get(number=1) + 1


def _sum(book: Any) -> str:
    return hashlib.sha256(book.promised[:HORIZON].tobytes() + book.capacity[:HORIZON].tobytes()).hexdigest()


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


STEPS: dict[str, Callable[[], dict[str, Any]]] = {
    "fill": do_fill,
    "ready": do_ready,
    "snapshot": do_snapshot,
    "tail": do_tail,
    "catch_up": do_catch_up,
}

if __name__ == "__main__":
    main()
