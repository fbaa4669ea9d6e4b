"""Writes down on which nodes attempts ran. Saying it again changes nothing."""

from collections.abc import Iterable

from jobs.models import Attempt, Placement


def note(attempt: Attempt, nodes: Iterable[str]) -> None:
    """As the engine sees it."""
    _write(_row(attempt, node) for node in nodes)


def note_here(node: str, attempts: Iterable[Attempt]) -> None:
    """As the node itself sees it, many times: most are known."""
    there = {attempt.pk: attempt for attempt in attempts}
    known = Placement.objects.filter(node=node, attempt__in=there).values_list("attempt", flat=True)
    _write(_row(there[missing], node) for missing in there.keys() - set(known))


def _row(attempt: Attempt, node: str) -> Placement:
    return Placement(organization_id=attempt.organization_id, attempt=attempt, node=node[:255])


def _write(rows: Iterable[Placement]) -> None:
    Placement.objects.bulk_create(rows, ignore_conflicts=True)
