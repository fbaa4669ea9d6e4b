"""What is done with frames that bring content, in a thread: bytes to the disk, files that are complete handed on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.utils.translation import gettext as _

from datasets import store
from datasets.models import Upload
from datasets.services.files import Arrived
from datasets.transfer.parts import Part, as_problem, require_space, write_small
from era_platform.common.errors import Problem


class WrongOffset(Problem):
    code = "wrong_offset"


class WrongLength(Problem):
    code = "wrong_length"


class WrongHash(Problem):
    code = "wrong_hash"


@dataclass
class Large:
    """A large file under way; after `is_over` its frames are thrown away."""

    number: int
    path: str
    part: Part
    upload: Upload
    is_over: bool = False


@dataclass(frozen=True)
class Put:
    number: int
    path: str
    digest: str
    content: memoryview


@dataclass(frozen=True)
class Data:
    large: Large
    offset: int
    content: memoryview


@dataclass(frozen=True)
class End:
    large: Large
    digest: str


@dataclass(frozen=True)
class Leave:
    large: Large
    discard: bool


@dataclass(frozen=True)
class GiveUp:
    """It may not come any more, for a reason outside of it."""

    large: Large
    problem: Problem


Item = Put | Data | End | Leave | GiveUp


@dataclass(frozen=True)
class Outcome:
    """Of one file: it `arrived`, there was a `problem`, or neither: it was left. `large` is None for a small one."""

    number: int
    large: Large | None = None
    arrived: Arrived | None = None
    problem: Problem | None = None
    is_discarded: bool = False


def work(organization_id: int, items: Sequence[Item], outcomes: list[Outcome]) -> None:
    """One after the other; what goes wrong with one file leaves the others alone.

    What came of it is added to a list of the caller's, who may not be there any more when this ends.
    """
    for item in items:
        if (outcome := _one(organization_id, item)) is not None:
            outcomes.append(outcome)


def size_of(item: Item) -> int:
    return len(item.content) if isinstance(item, Put | Data) else 0


def _one(organization_id: int, item: Item) -> Outcome | None:
    if isinstance(item, Put):
        return _put(organization_id, item)
    if item.large.is_over:
        return None
    try:
        return _go_on(item)
    except (Problem, OSError) as error:
        item.large.is_over = True
        return Outcome(item.large.number, item.large, problem=as_problem(error))


def _put(organization_id: int, item: Put) -> Outcome:
    path, size = store.part_path(organization_id, uuid4()), len(item.content)
    try:
        require_space(path.parent, size)
        digest = write_small(path, item.content)
        _require_digest(item.digest, digest, path)
    except (Problem, OSError) as error:
        return Outcome(item.number, problem=as_problem(error))
    return Outcome(item.number, arrived=Arrived(item.path, digest, size, path))


def _go_on(item: Data | End | Leave | GiveUp) -> Outcome | None:
    if isinstance(item, Data):
        _append(item)
        return None
    if isinstance(item, GiveUp):
        raise item.problem
    item.large.is_over = True
    if isinstance(item, Leave):
        return _leave(item)
    return _end(item)


def _append(item: Data) -> None:
    part = item.large.part
    if item.offset != part.offset:
        raise WrongOffset(_("The server has {size} bytes.").format(size=part.offset), offset=part.offset)
    if part.offset + len(item.content) > part.size:
        raise WrongLength(_("The file has more than the {size} bytes that were announced.").format(size=part.size))
    part.append(item.content)


def _leave(item: Leave) -> Outcome:
    return Outcome(item.large.number, item.large, is_discarded=item.discard)


def _end(item: End) -> Outcome:
    part = item.large.part
    if part.offset != part.size:
        raise WrongLength(
            _("{offset} of {size} bytes came.").format(offset=part.offset, size=part.size), offset=part.offset
        )
    digest = part.digest()
    _require_digest(item.digest, digest, part.path)
    return Outcome(item.large.number, item.large, Arrived(item.large.path, digest, part.size, part.path))


def _require_digest(expected: str, found: str, path: Path) -> None:
    if expected and expected != found:
        path.unlink(missing_ok=True)
        raise WrongHash(_("The bytes that came have the SHA-256 {found}.").format(found=found))
