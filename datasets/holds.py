"""Who needs published versions: apps above this one say so, and what somebody needs is not deleted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from era_platform.common.errors import Conflict


@dataclass(frozen=True)
class Holder:
    """`label` names what needs a version, to its own organization only."""

    label: str
    organization_id: int


Ask = Callable[[Collection[UUID]], list[Holder]]
_asked: list[Ask] = []


def register(ask: Ask) -> None:
    """`ask` gives, for ids of versions, who needs one of them. It is asked with these versions' rows locked."""
    if ask not in _asked:
        _asked.append(ask)


def refuse_if_held(version_ids: Collection[UUID], organization_id: int) -> None:
    """Raises Conflict naming the first holder, where it is the organization's own."""
    holders = [holder for ask in _asked for holder in ask(version_ids)]
    if not holders:
        return
    own = [holder.label for holder in holders if holder.organization_id == organization_id]
    name = own[0] if own else _("a job of another organization")
    raise Conflict(
        _("It can't be deleted: {holder} needs it. Try again when that has ended.").format(holder=name),
        code="in_use",
        holders=own,
    )
