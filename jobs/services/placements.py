"""Writes down on which nodes attempts ran, and in which containers. Saying it again changes nothing."""

from collections.abc import Iterable

from jobs.engines.base import Instance
from jobs.models import Attempt, Container, Placement


def note(attempt: Attempt, instance: Instance) -> None:
    """As the engine sees it."""
    _write(_row(attempt, node) for node in instance.nodes)
    note_containers((attempt, container) for container in instance.containers)


def note_here(node: str, attempts: Iterable[Attempt]) -> None:
    """As the node itself sees it, many times: most are known."""
    there = {attempt.pk: attempt for attempt in attempts}
    known = Placement.objects.filter(node=node, attempt__in=there).values_list("attempt", flat=True)
    _write(_row(there[missing], node) for missing in there.keys() - set(known))


def note_containers(seen: Iterable[tuple[Attempt, str]]) -> None:
    """Attempts with the ids of containers that are theirs: here too most are known."""
    there = {container: attempt for attempt, container in seen}
    if not there:
        return
    known = Container.objects.filter(identifier__in=there).values_list("identifier", flat=True)
    Container.objects.bulk_create(
        [
            Container(organization_id=there[new].organization_id, attempt=there[new], identifier=new)
            for new in there.keys() - set(known)
        ],
        ignore_conflicts=True,
    )


def _row(attempt: Attempt, node: str) -> Placement:
    return Placement(organization_id=attempt.organization_id, attempt=attempt, node=node[:255])


def _write(rows: Iterable[Placement]) -> None:
    Placement.objects.bulk_create(list(rows), ignore_conflicts=True)
