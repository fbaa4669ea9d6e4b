"""What a job request is, and what makes one unacceptable whatever the market says. No Django models."""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from datasets.references import LATEST, parse_reference
from era_platform.common.errors import InvalidInput
from era_platform.common.money import MAX_AMOUNT
from pricing import nodes
from pricing.domain import MAX_CONFIGURATIONS, MAX_DURATION, MAX_UNITS, Ask, Configuration

INSUFFICIENT_FUNDS = "insufficient_funds"
"""The reason of a request of a batch that the market would have accepted, and the wallet could not pay."""
BUDGET_EXCEEDED = "budget_exceeded"
"""The same of one that a month's limit of its project, or of its submitter, did not allow."""
MAX_ARGUMENTS = 1_000
MAX_COMMAND_BYTES = 64 * 1024
MAX_VARIABLES = 200
MAX_ENV_BYTES = 64 * 1024
MAX_DATASETS = 32
MAX_IMAGE = 400  # a name of 255 with tag and digest
LATER = {"also": (), "network": False, "nodes": 1, "project": ""}
"""What requests could not say from the beginning, and what they mean where they don't."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class JobRequest:
    """`code` is the id of a stored archive of the same organization; `value` is micro-credits; `datasets` are
    references such as `org/name` or `org/name@3`.

    A flexible request has further configurations, `also`, any one of which will do. Its units are split evenly over
    `nodes` machines, that work together; `network` lets it talk to its organization's other jobs. `project` is the
    short name of one of its organization's projects, empty for none.
    """

    pool: str
    units: int
    duration: int
    deadline: datetime
    value: int
    name: str
    image: str
    command: tuple[str, ...]
    earliest: datetime | None = None
    env: dict[str, str] = field(default_factory=dict)
    datasets: tuple[str, ...] = ()
    code: UUID | None = None
    also: tuple[Configuration, ...] = ()
    nodes: int = 1
    network: bool = False
    project: str = ""

    @property
    def ask(self) -> Ask:
        return Ask(self.units, self.duration, self.deadline, self.earliest, self.value, self.also, self.nodes)

    @property
    def content(self) -> dict[str, Any]:
        """All that it says. What came later is left out where it is not used, so that older digests still fit."""
        return {name: value for name, value in asdict(self).items() if name not in LATER or value != LATER[name]}


def faults(request: JobRequest) -> dict[str, str]:
    """What is wrong with the request, by field; empty where nothing is."""
    ways = request.ask.configurations
    found = {
        "units": _units(ways),
        "duration": _all_between([way.duration for way in ways], 1, MAX_DURATION),
        "value": _all_between([way.value for way in ways], 0, MAX_AMOUNT),
        "deadline": _aware(request.deadline),
        "earliest": _aware(request.earliest),
        "name": _name(request.name),
        "command": _command(request.command),
        "env": _env(request.env),
        "datasets": _datasets(request.datasets),
        "nodes": nodes.fault(request.nodes, [way.units for way in ways]),
    }
    return {name: fault for name, fault in found.items() if fault}


def _units(ways: tuple[Configuration, ...]) -> str:
    if len(ways) > MAX_CONFIGURATIONS:
        return _("{count} configurations are more than {most}.").format(count=len(ways), most=MAX_CONFIGURATIONS)
    if len({(way.units, way.duration) for way in ways}) < len(ways):
        return _("A configuration stands in it twice.")
    return _all_between([way.units for way in ways], 1, MAX_UNITS)


def _all_between(values: list[int | None] | list[int], low: int, high: int) -> str:
    """What is wrong with the first that lies outside, or that was not said."""
    for value in values:
        if value is None or not low <= value <= high:
            return _("{value} is not between {low} and {high}.").format(value=str(value)[:40], low=low, high=high)
    return ""


def _aware(moment: datetime | None) -> str:
    if moment is None or moment.tzinfo is not None:
        return ""
    return _("{value} has no time zone.").format(value=moment.isoformat())


def _name(name: str) -> str:
    if not name.strip():
        return _("A job needs a name.")
    if len(name) > 120:
        return _("{length} characters are more than 120.").format(length=len(name))
    return _("Control characters are not allowed in a name.") if _CONTROL.search(name) else ""


def _command(command: tuple[str, ...]) -> str:
    if not command or not command[0].strip():
        return _("A job needs a command.")
    if len(command) > MAX_ARGUMENTS or sum(len(part.encode()) for part in command) > MAX_COMMAND_BYTES:
        return _("The command is too long: at most {count} arguments and {size} bytes.").format(
            count=MAX_ARGUMENTS, size=MAX_COMMAND_BYTES
        )
    return _("A command can't hold a zero byte.") if any("\0" in part for part in command) else ""


def _env(env: dict[str, str]) -> str:
    for name, value in env.items():
        if not _VARIABLE.fullmatch(name):
            return _("{name} is not a name for a variable.").format(name=repr(name[:60]))
        if name.startswith("ERA_"):
            return _("{name}: names that begin with ERA_ are the platform's own.").format(name=name[:60])
        if "\0" in value:
            return _("The value of {name} can't hold a zero byte.").format(name=name[:60])
    size = sum(len(name.encode()) + len(value.encode()) for name, value in env.items())
    if len(env) > MAX_VARIABLES or size > MAX_ENV_BYTES:
        return _("The environment is too large: at most {count} variables and {size} bytes.").format(
            count=MAX_VARIABLES, size=MAX_ENV_BYTES
        )
    return ""


def _datasets(datasets: tuple[str, ...]) -> str:
    if len(datasets) > MAX_DATASETS:
        return _("{count} datasets are more than {most}.").format(count=len(datasets), most=MAX_DATASETS)
    places = set[tuple[str, str]]()
    for text in datasets:
        try:
            named = parse_reference(text)
        except InvalidInput as invalid:
            return invalid.detail
        if named.version != LATEST and not _NUMBER.fullmatch(named.version):
            return _("{name}: a job reads published versions, by their number.").format(name=text)
        if (named.owner, named.name) in places:
            return _("{owner}/{name} is named twice; a job reads one version of a dataset.").format(
                owner=named.owner, name=named.name
            )
        places.add((named.owner, named.name))
    return ""
