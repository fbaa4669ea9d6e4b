"""Units that are split evenly over several nodes: what is wrong with those that can't be."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from pricing.domain import MAX_NODES


def fault(nodes: int, units: Iterable[int]) -> str:
    """What is wrong with `nodes` for any of these numbers of units; empty where nothing is."""
    if not 1 <= nodes <= MAX_NODES:
        return _("{value} is not between {low} and {high}.").format(value=str(nodes)[:40], low=1, high=MAX_NODES)
    uneven = next((count for count in units if count % nodes), None)
    if uneven is None:
        return ""
    return _("{units} units can't be split evenly over {nodes} nodes: ask for a multiple of {nodes} units.").format(
        units=uneven, nodes=nodes
    )
