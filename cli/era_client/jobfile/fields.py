"""The keys of a job file: what each takes, and what it becomes. Readers raise ValueError saying what is wrong."""

import re
import shlex
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from yaml.nodes import MappingNode, Node, SequenceNode

from era_client.jobfile.tree import Faults, entries, items_of, kind_of, shown, text_of
from era_client.moments import parse_duration, parse_moment
from era_client.spec import Way

Reader = Callable[[Node, str, Faults], Any]
MOST_UNITS, MOST_NODES, MOST_DECIMALS, LONGEST_NAME = 1_000_000, 64, 6, 120
MODES = ("all_or_nothing", "best_effort")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"[a-z0-9-]+/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:@[0-9a-f-]+|@latest)?")
_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}


def whole(low: int, high: int) -> Callable[[Node], int]:
    def read(node: Node) -> int:
        text = text_of(node).replace("_", "")
        if not re.fullmatch(r"[+-]?\d{1,18}", text) or not low <= int(text) <= high:
            raise ValueError(f"{shown(node)} is not a whole number from {low:,} to {high:,}")
        return int(text)

    return read


def amount(node: Node) -> Decimal:
    try:
        value = Decimal(text_of(node))
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise ValueError(f"{shown(node)} is not an amount in credits, such as 12.50")
    if -int(value.as_tuple().exponent) > MOST_DECIMALS:
        raise ValueError(f"{shown(node)} has more than {MOST_DECIMALS} decimals")
    return value


def text(node: Node) -> str:
    value = text_of(node)
    if not value.strip():
        raise ValueError("must not be empty")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise ValueError("must be one line, without control characters")
    return value


def name(node: Node) -> str:
    value = text(node)
    if len(value) > LONGEST_NAME:
        raise ValueError(f"{len(value)} characters are more than {LONGEST_NAME}")
    return value


def truth(node: Node) -> bool:
    value = text_of(node).lower()
    if value not in _TRUE | _FALSE:
        raise ValueError(f"{shown(node)} is neither true nor false")
    return value in _TRUE


def duration(node: Node) -> int:
    return parse_duration(text_of(node))


def moment(now: datetime) -> Callable[[Node], datetime]:
    return lambda node: parse_moment(text_of(node), now)


def mode(node: Node) -> str:
    if (value := text_of(node)) not in MODES:
        raise ValueError(f"{shown(node)} is neither {MODES[0]} nor {MODES[1]}")
    return value


def command(node: Node) -> tuple[str, ...]:
    """A list of words, or a line that is split as a shell splits it."""
    if isinstance(node, SequenceNode):
        words = [text_of(one) for one in node.value]
    else:
        try:
            words = shlex.split(text_of(node))
        except ValueError as error:
            raise ValueError(f"{shown(node)}: {str(error).lower()}") from error
    if not words or not words[0].strip():
        raise ValueError("a job needs a command")
    return tuple(words)


def code(node: Node) -> str | None:
    """A folder or an archive; None for none at all."""
    value = text(node)
    return None if value.lower() in {"none", "no", "false"} else value


# --- what holds several, each of which can be wrong --------------------------------------------------


def env(node: Node, at: str, faults: Faults) -> dict[str, str]:
    if not isinstance(node, MappingNode):
        raise ValueError(f"must be a group of NAME: value, not {shown(node)}")
    found = {}
    for variable, value in entries(node, None, faults, at).items():
        if not _VARIABLE.fullmatch(variable):
            faults.add(value, at, f"{variable!r:.60} is not a name for a variable")
        elif variable.startswith("ERA_"):
            faults.add(value, at, f"{variable}: names that begin with ERA_ are the platform's own")
        else:
            found[variable] = faults.attempt(value, f"{at}.{variable}", lambda value=value: text_of(value)) or ""  # type: ignore[misc]
    return found


def datasets(node: Node, at: str, faults: Faults) -> tuple[str, ...]:
    found = []
    for item in items_of(node):
        reference = faults.attempt(item, at, lambda item=item: text(item)) or ""  # type: ignore[misc]
        if reference and not _REFERENCE.fullmatch(reference):
            faults.add(item, at, f"{shown(item)} is not a dataset: write organization/name or organization/name@3")
        found.append(reference)
    return tuple(found)


def also(node: Node, at: str, faults: Faults) -> tuple[Way, ...]:
    found = []
    for number, item in enumerate(items_of(node)):
        inner = f"{at}[{number}]"
        if not isinstance(item, MappingNode):
            faults.add(item, inner, f"must be a group such as {{units: 2, duration: 4h}}, not {kind_of(item)}")
            continue
        if way := _way(item, inner, faults):
            found.append(way)
    return tuple(found)


def _way(node: MappingNode, at: str, faults: Faults) -> Way | None:
    readers: dict[str, Callable[[Node], Any]] = {
        "units": whole(1, MOST_UNITS),
        "duration": duration,
        "value": amount,
    }
    given = entries(node, readers, faults, at)
    for missing in [one for one in ("units", "duration") if one not in given]:
        faults.add(node, at, f"{missing} is missing")
    before = len(faults.found)
    read: dict[str, Any] = {
        one: faults.attempt(value, f"{at}.{one}", lambda one=one, value=value: readers[one](value))  # type: ignore[misc]
        for one, value in given.items()
    }
    complete = len(faults.found) == before and {"units", "duration"} <= read.keys()
    return Way(**read) if complete else None


def sweep(node: Node, at: str, faults: Faults) -> dict[str, list[str]]:
    if not isinstance(node, MappingNode) or not node.value:
        raise ValueError("must be a group of parameters with lists of values, such as lr: [0.1, 0.01]")
    found = {}
    for parameter, values in entries(node, None, faults, at).items():
        inner = f"{at}.{parameter}"
        listed = faults.attempt(values, inner, lambda values=values: [text_of(one) for one in items_of(values)])  # type: ignore[misc]
        if listed == []:
            faults.add(values, inner, "must name at least one value")
        elif listed and len(set(listed)) < len(listed):
            faults.add(values, inner, "has a value twice")
        found[parameter] = listed or []
    return found


def single(read: Callable[[Node], Any]) -> Reader:
    return lambda node, _at, _faults: read(node)


def readers(now: datetime) -> dict[str, Reader]:
    """All that may stand in a job file."""
    return {
        "name": single(name),
        "pool": single(text),
        "image": single(text),
        "command": single(command),
        "units": single(whole(1, MOST_UNITS)),
        "duration": single(duration),
        "deadline": single(moment(now)),
        "earliest": single(moment(now)),
        "value": single(amount),
        "nodes": single(whole(1, MOST_NODES)),
        "network": single(truth),
        "project": single(text),
        "code": single(code),
        "mode": single(mode),
        "env": env,
        "datasets": datasets,
        "also": also,
        "sweep": sweep,
    }
