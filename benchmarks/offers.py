"""What a refusal's counter-offers cost, against the decision that they come with, and what a menu costs.

Run with `python -m benchmarks.offers`. A quote here is one decision of `pricing.market` without anything
beside it. A refusal adds the least value, the smallest extension of the deadline, fewer units and a shorter
run, each exact. Both take turns, so that a busy machine slows both, and each one's median counts.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import NamedTuple

from benchmarks.kernel import FIRST_SLOT, HORIZON, Case, build_market
from pricing import market
from pricing.book import Book
from pricing.domain import Answer, Reason, Window
from pricing.kernel import PriceTable
from pricing.menus import menu

LIMIT = 5.0
ROUNDS = 101
RANDOM_CASES = 100
RANDOM_ROUNDS = 21
CALLS_PER_ROUND = 3


class Refused(NamedTuple):
    """A request that is refused: its size, the share of the horizon that its window has, and of its price its value."""

    pool_units: int
    units: int
    slots: int
    window: float = 1.0
    value: float = 0.8


CASES = [
    Refused(pool_units=64, units=8, slots=12),
    Refused(pool_units=1_000, units=8, slots=12),
    Refused(pool_units=1_000, units=100, slots=288),
    Refused(pool_units=1_000, units=100, slots=288, value=0.1),
    Refused(pool_units=1_000, units=800, slots=12),
    Refused(pool_units=10_000, units=64, slots=12),
    Refused(pool_units=10_000, units=2_000, slots=288),
    Refused(pool_units=10_000, units=64, slots=12, window=0.5),
    Refused(pool_units=10_000, units=64, slots=12, window=0.1),
    Refused(pool_units=10_000, units=64, slots=12, window=0.1, value=0.01),
    Refused(pool_units=10_000, units=500, slots=4_000),
]


def random_cases() -> Iterator[Refused]:
    """Pools, sizes, lengths, windows and values of every order of magnitude."""
    chance = Random(3)
    for _ in range(RANDOM_CASES):
        pool, slots = chance.choice([64, 1_000, 10_000]), int(10 ** chance.uniform(0, 3.6))
        units = max(2, int(pool * 10 ** chance.uniform(-3, 0)))
        window = max(slots / HORIZON, 10 ** chance.uniform(-2.3, 0))
        yield Refused(pool, units, slots, window, chance.choice([0.99, 0.8, 0.5, 0.1, 0.01]))


def build(case: Refused) -> tuple[Book, PriceTable, Window]:
    given = build_market(Case(case.pool_units, case.units, case.slots))
    book = Book(FIRST_SLOT, HORIZON)
    book.promised, book.capacity = given.promised, given.capacity
    end = FIRST_SLOT + max(case.slots, round(HORIZON * case.window))
    return book, given.table, Window(case.slots, FIRST_SLOT, end, FIRST_SLOT + HORIZON)


def timed(call: Callable[[], object]) -> float:
    """Nanoseconds a call."""
    began = time.perf_counter_ns()
    for _ in range(CALLS_PER_ROUND):
        call()
    return (time.perf_counter_ns() - began) / CALLS_PER_ROUND


def measure(case: Refused, count: int = ROUNDS) -> tuple[str, float]:
    """One row of the table, and the ratio in it."""
    book, table, wanted = build(case)
    priced = market.answer(book, table, wanted, case.units, None)
    value = int(priced.offer.total * case.value) if priced.offer else 10**9
    decide = partial(market.answer, book, table, wanted, case.units, value, with_alternatives=False)
    refuse = partial(market.answer, book, table, wanted, case.units, value)

    def choose() -> object:
        totals = market.curve(book, table, wanted, case.units)
        return menu(totals, first_start=wanted.start, slots=wanted.slots)

    refused: Answer = refuse()
    check(book, table, wanted, refused)
    rounds = [(timed(decide), timed(refuse), timed(choose)) for _ in range(count)]
    quote, menu_time = (statistics.median(each[at] for each in rounds) for at in (0, 2))
    extra = statistics.median(both - alone for alone, both, _menu in rounds)
    ratio = extra / quote
    kinds = ", ".join(instead.kind.value for instead in refused.alternatives)
    row = (
        f"{case.pool_units:>10,} {case.units:>6,} {case.slots:>6,} {wanted.end - wanted.start:>7,}"
        f" {refused.reason or Reason.NO_CAPACITY:<18}{quote / 1e3:>9.1f} {extra / 1e3:>10.1f} {ratio:>6.2f}"
        f" {menu_time / 1e3:>8.1f}  {kinds}"
    )
    return row, ratio


def check(book: Book, table: PriceTable, wanted: Window, refused: Answer) -> None:
    """Every counter-offer is accepted when asked for, at the price and start that it names."""
    for instead in refused.alternatives:
        offer = instead.offer
        asked = wanted._replace(end=instead.deadline_slot, slots=offer.end_slot - offer.start_slot)
        again = market.answer(book, table, asked, instead.units, instead.value)
        if not again.accepted or again.offer != offer:
            raise SystemExit(f"{instead} is not what asking for it gets: {again}")


def main() -> None:
    print(f"Counter-offers: what all of them cost beside one quote over a horizon of {HORIZON:,} slots")
    print(
        f"{'pool units':>10} {'units':>6} {'slots':>6} {'window':>7} {'refused for':<18}"
        f"{'quote, us':>9} {'offers, us':>10} {'ratio':>6} {'menu, us':>8}"
    )
    ratios = []
    for case in CASES:
        row, ratio = measure(case)
        ratios.append(ratio)
        print(row, flush=True)
    tried = [measure(case, RANDOM_ROUNDS)[1] for case in random_cases()]
    print(f"of {RANDOM_CASES} random refusals the median ratio is {statistics.median(tried):.2f}")
    print(f"worst ratio of all {max(ratios + tried):.2f}, to be at most {LIMIT:.0f}")


if __name__ == "__main__":
    main()
