"""Random histories against the slow serial model: `python -m benchmarks.histories --count 10000 --seed 1`.

Quotes, reservations, cancellations, early ends, lost capacity, new forecasts and horizons, snapshots and crashes;
every answer must equal the model's to the micro-credit, and every receipt must verify in the end.
"""

import argparse
import time
from collections import Counter

from hypothesis import HealthCheck, given, seed, settings

from tests.pricing.histories import HISTORIES, Event, World

_TELL_EVERY = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Random histories of a market against a slow serial model.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.count < 1:
        parser.error(f"--count must be at least 1, not {chosen.count}")
    counted: Counter[str] = Counter()
    began = time.monotonic()
    checks = settings(max_examples=chosen.count, deadline=None, database=None, suppress_health_check=list(HealthCheck))

    @seed(chosen.seed)
    @checks
    @given(HISTORIES)
    def try_all(history: list[Event]) -> None:
        world = World()
        world.live(history)
        answers = [kept.answer for kept in world.platform.receipts]
        counted["histories"] += 1
        counted["events"] += len(history)
        counted["entries"] += len(world.platform.log)
        counted["receipts"] += len(answers)
        counted.update(str(answer.reason or "accepted") for answer in answers)
        counted["alternatives"] += sum(len(answer.alternatives) for answer in answers)
        if counted["histories"] % _TELL_EVERY == 0:
            print(f"{counted['histories']:,} of {chosen.count:,}", flush=True)

    try_all()
    print(f"All equal, every receipt verifies; {time.monotonic() - began:.0f} s, seed {chosen.seed}")
    for name, count in counted.items():
        print(f"  {name:<18} {count:>10,}")


if __name__ == "__main__":
    main()
