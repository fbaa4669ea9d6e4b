"""The pricing kernel: the arithmetic of Basic-Econ, in int64 micro-credits, without Django.

Source: Babaioff, Mansour, Nisan et al., "ERA: A Framework for Economic Resource Allocation
for the Cloud", WWW 2017 companion, arXiv 1702.07311 (Basic-Econ).

A `PriceTable` is compiled once per forecast version. The book of a pool is two int64 arrays,
`promised` and `capacity`, in units per slot; element 0 is absolute slot `first_slot`. Windows
`[start, end)` are in absolute slots and must lie in the arrays. Prices are micro-credits per
unit and slot, totals are micro-credits. What does not fit into 64 bits is refused with
OverflowError before anything is computed.

`reference.py` is the specification: every answer here equals its answer to the micro-credit.
"""

from pricing.kernel._replay import replay
from pricing.kernel._scan import (
    RELEASE_FROM,
    PriceTable,
    decide,
    decide_all,
    first_at_most,
    longest,
    most_units,
    slot_costs,
    totals,
)
from pricing.kernel.book import apply, change, release
from pricing.kernel.offer import ANY_VALUE, Decisions, Offer, Outcome, Request

# Kept in receipts: to be raised with every change after which some answer could differ.
KERNEL_VERSION = "basic-econ/1"

__all__ = [
    "ANY_VALUE",
    "KERNEL_VERSION",
    "RELEASE_FROM",
    "Decisions",
    "Offer",
    "Outcome",
    "PriceTable",
    "Request",
    "apply",
    "change",
    "decide",
    "decide_all",
    "first_at_most",
    "longest",
    "most_units",
    "release",
    "replay",
    "slot_costs",
    "totals",
]
