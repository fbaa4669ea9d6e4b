"""Who used a dataset: asked of the apps that know, which this one may not import. Others are told as a count only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Use:
    """Something of the asking organization's own, say a job, that used a version of the dataset."""

    label: str
    url: str
    version: str
    at: datetime


@dataclass(frozen=True)
class Uses:
    """`own` are the latest of `count`; `others` says how many other organizations used it, and never which."""

    own: tuple[Use, ...] = ()
    count: int = 0
    others: int = 0


MOST_NAMED = 10
Ask = Callable[[UUID, str], Uses]
"""Given the dataset's id and the short name of the organization that asks."""
_asked: list[Ask] = []


def register(ask: Ask) -> None:
    """Called once by an app that knows of uses, when it is ready."""
    _asked.append(ask)


def uses_of(dataset_id: UUID, organization: str) -> Uses:
    """What all who know say together; organizations that several of them know of count as often."""
    told = [ask(dataset_id, organization) for ask in _asked]
    own = sorted((use for each in told for use in each.own), key=lambda use: use.at, reverse=True)
    return Uses(tuple(own[:MOST_NAMED]), sum(each.count for each in told), sum(each.others for each in told))
